import type { Input, InputSink, InputState } from '../core/input.ts';
import { parsePcapHeader } from './pcap-header.ts';
import { BLOCK, MIN_BLOCK, sectionOrder } from './pcapng-block.ts';
import { LINKTYPE_UPPER_PDU, UpperPduSink } from './upper-pdu.ts';

/** True when a capture that begins with `head` has packets of link type 252: its header says so, or one of its first interfaces. */
export function hasUpperPdus(head: Uint8Array): boolean {
  const header = parsePcapHeader(head);
  if (header !== undefined) return header.linkType === LINKTYPE_UPPER_PDU;
  const order = sectionOrder(head, 0);
  if (order === undefined) return false;
  for (let at = 0; at + MIN_BLOCK <= head.length; ) {
    const length = order.u32(head, at + 4);
    if (order.u32(head, at) === BLOCK.interface && order.u16(head, at + 8) === LINKTYPE_UPPER_PDU) return true;
    if (length < MIN_BLOCK || length % 4 !== 0) return false;
    at += length;
  }
  return false;
}

/** A capture whose packets are exported PDUs, handed on as streams. */
export class UpperPduInput implements Input {
  private readonly inner: Input;
  private streams: UpperPduSink | undefined = undefined;

  constructor(inner: Input) {
    this.inner = inner;
  }

  get name(): string {
    return this.inner.name;
  }

  get format(): string {
    return `${this.inner.format}, exported PDUs`;
  }

  get size(): number | undefined {
    return this.inner.size;
  }

  get position(): number {
    return this.inner.position;
  }

  step(sink: InputSink): InputState {
    this.streams ??= new UpperPduSink(sink);
    const state = this.inner.step(this.streams);
    if (state === 'done') this.streams.finish();
    return state;
  }

  ready(): Promise<void> {
    return this.inner.ready();
  }

  close(): void {
    this.inner.close();
  }
}
