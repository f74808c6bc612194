/**
 * One capture a link type, tunnel and kind of fragmentation, all with the same courier session in plaintext: handshake, Connect,
 * ConnectResponse, a notification and its acknowledgement. IPv4 inside, except for tunnels that carry IPv6 only. The name of a
 * file is the name of the encapsulation in `test/support/encapsulations.ts`, where its headers are written.
 *
 * Run: npx tsx captures/links/make.ts
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { tlv } from '../../src/codec/tlv.ts';
import { pcapFile } from '../../test/support/conversation.ts';
import type { Encapsulation } from '../../test/support/encapsulate.ts';
import {
  conversation,
  FRAGMENT_ENCAPSULATIONS,
  IPV6_TUNNELS,
  LINK_ENCAPSULATIONS,
  type Step,
  TUNNEL_ENCAPSULATIONS,
} from '../../test/support/encapsulations.ts';

const START = 1_795_284_000_000_000_000n; // 2026-11-21T18:00:00Z
const PACKET_INTERVAL = 10_000_000n;
const token = Uint8Array.from({ length: 32 }, (_, i) => 0x40 + i);
const topic = createHash('sha1').update('com.example.chat').digest();
const alert = Buffer.from(JSON.stringify({ aps: { alert: 'Lunch at noon?', badge: 1 } }));

/** The messages of the session; the same in every capture. */
const SESSION: readonly Step[] = [
  { fromClient: true, payload: tlv.encode('connect', { token, state: 1, presence_flags: 0x20a, interface: 1 }, 0) },
  { fromClient: false, payload: tlv.encode('connect_response', { status: 0, message_size: 4096, token }, 1) },
  {
    fromClient: false,
    payload: tlv.encode(
      'message',
      { token, topic, payload: alert, id: 0x1001, expiry: 1_795_370_400, timestamp: START - 45_123_457n, priority: 10 },
      1,
    ),
  },
  { fromClient: true, payload: tlv.encode('message_ack', { status: 0, id: 0x1001, token }, 0) },
];

function write(encapsulation: Encapsulation, version: 4 | 6): void {
  let nanos = START;
  const packets = conversation(SESSION, version).flatMap(({ ip, fromClient }) =>
    encapsulation.wrap(ip, fromClient).map((bytes) => {
      nanos += PACKET_INTERVAL;
      return { nanos, bytes };
    }),
  );
  writeFileSync(new URL(`${encapsulation.name}.pcap`, import.meta.url), pcapFile(packets, encapsulation.linkType));
}

for (const encapsulation of [...LINK_ENCAPSULATIONS, ...TUNNEL_ENCAPSULATIONS, ...FRAGMENT_ENCAPSULATIONS]) write(encapsulation, 4);
for (const encapsulation of IPV6_TUNNELS) write(encapsulation, 6);
