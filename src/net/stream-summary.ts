import type { Note } from '../core/note.ts';
import type { Flow, Half, Hole } from './flow.ts';

/** What was counted of one direction. */
export interface DirectionSummary {
  readonly packets: number;
  /** Bytes of the stream that the capture holds. */
  readonly bytes: number;
  /** Segments whose bytes were all there already, and all repeated bytes. */
  readonly retransmitted: number;
  readonly retransmittedBytes: number;
  readonly outOfOrder: number;
  readonly keepAlives: number;
  readonly strays: number;
  /** The first holes; `holeCount` and `holeBytes` count them all. */
  readonly holes: readonly Hole[];
  readonly holeCount: number;
  readonly holeBytes: number;
  readonly ended: 'fin' | 'reset' | undefined;
}

/** One TCP connection. `a` opened it, as far as that is known; `ab` is its direction to `b`. */
export interface StreamSummary {
  readonly index: number;
  readonly a: string;
  readonly b: string;
  readonly rolesKnown: boolean;
  readonly tunnel: number;
  readonly process: string | undefined;
  readonly firstPacket: number;
  readonly ab: DirectionSummary;
  readonly ba: DirectionSummary;
  /** `dir` 0 = from `a` to `b`; ranges are offsets in that direction's stream. */
  readonly notes: readonly { readonly dir: 0 | 1; readonly note: Note }[];
}

export function summarize(flow: Flow): StreamSummary {
  return {
    index: flow.index,
    a: flow.client,
    b: flow.server,
    rolesKnown: flow.rolesKnown,
    tunnel: flow.tunnel,
    process: flow.process,
    firstPacket: flow.firstPacket,
    ab: direction(flow, flow.half(flow.clientSide)),
    ba: direction(flow, flow.half(1 - flow.clientSide)),
    notes: (flow.notes ?? []).map(({ side, note }) => ({ dir: (side ^ flow.clientSide) as 0 | 1, note })),
  };
}

function direction(flow: Flow, half: Half): DirectionSummary {
  const trouble = half.trouble;
  return {
    packets: half.packets,
    bytes: half.bytes,
    retransmitted: trouble?.retransmitted ?? 0,
    retransmittedBytes: trouble?.retransmittedBytes ?? 0,
    outOfOrder: trouble?.outOfOrder ?? 0,
    keepAlives: trouble?.keepAlives ?? 0,
    strays: trouble?.strayCount ?? 0,
    holes: trouble?.holes ?? [],
    holeCount: trouble?.holeCount ?? 0,
    holeBytes: trouble?.holeBytes ?? 0,
    ended: half.fin ? 'fin' : flow.reset ? 'reset' : undefined,
  };
}
