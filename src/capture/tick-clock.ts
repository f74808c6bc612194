const TWO_32 = 4_294_967_296;
const NANOS = 1_000_000_000n;

/** Where a clock puts the time it read. */
export interface TimeTarget {
  sec: number;
  nsec: number;
}

/**
 * Turns the 64-bit tick counts of a pcapng interface into whole seconds and nanoseconds, exactly: 64 bits of nanoseconds
 * do not fit a double, and BigInt costs more than reading the packet. It remembers the tick at which the current second
 * began, so the difference to it is small; only the first packet of a second takes the exact long way.
 */
export class TickClock {
  /** Ticks a second; 0 when they are too many for the short way. */
  private readonly perSecond: number;
  private readonly exactPerSecond: bigint;
  /** Nanoseconds a tick, or 0: then ticks a nanosecond are `divisor`, or the fraction is computed. */
  private readonly factor: number;
  private readonly divisor: number;
  private readonly offset: bigint;
  private high = 0;
  private low = 0;
  private sec = Number.NaN;

  /** `resolution`: if_tsresol, 10^-n, or 2^-n with the top bit set. `offset`: if_tsoffset, seconds to add. */
  constructor(resolution: number, offset: bigint) {
    const exponent = BigInt(resolution & 0x7f);
    const exact = (resolution & 0x80) !== 0 ? 2n ** exponent : 10n ** exponent;
    this.exactPerSecond = exact;
    this.offset = offset;
    const perSecond = Number(exact);
    this.perSecond = perSecond <= Number.MAX_SAFE_INTEGER ? perSecond : 0;
    this.factor = NANOS % exact === 0n ? Number(NANOS / exact) : 0;
    this.divisor = exact % NANOS === 0n && this.perSecond > 0 ? Number(exact / NANOS) : 0;
  }

  /** Reads the tick count `high` × 2^32 + `low`, both unsigned. */
  read(high: number, low: number, target: TimeTarget): void {
    const ticks = (high - this.high) * TWO_32 + (low - this.low);
    if (!(ticks >= 0 && ticks < this.perSecond) || Number.isNaN(this.sec)) {
      this.readExactly(high, low, target);
      return;
    }
    target.sec = this.sec;
    if (this.factor > 0) target.nsec = ticks * this.factor;
    else if (this.divisor > 0) target.nsec = Math.floor(ticks / this.divisor);
    else if (this.perSecond <= 0x40_0000) target.nsec = Math.floor((ticks * 1e9) / this.perSecond);
    else target.nsec = Number((BigInt(ticks) * NANOS) / this.exactPerSecond);
  }

  private readExactly(high: number, low: number, target: TimeTarget): void {
    const count = (BigInt(high) << 32n) | BigInt(low);
    const whole = count / this.exactPerSecond;
    const rest = count % this.exactPerSecond;
    this.sec = Number(whole + this.offset);
    const start = whole * this.exactPerSecond;
    this.high = Number(start >> 32n);
    this.low = Number(start & 0xffffffffn);
    target.sec = this.sec;
    target.nsec = Number((rest * NANOS) / this.exactPerSecond);
  }
}
