/**
 * Device pushes over HTTP/2 whose capture begins after the third exchange: headers that are literals or were added since are shown,
 * references to what was added before are shown as not captured.
 *
 * Run: npx tsx captures/http2-late/make.ts
 */
import { writeFileSync } from 'node:fs';
import { Conversation, pcapFile } from '../../test/support/conversation.ts';
import { H2Writer, pushHeaders } from '../../test/support/http2-writer.ts';

const START_SECONDS = 1_795_284_000; // 2026-11-21T18:00:00Z
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const SEEN_FROM = 3;

const client = new H2Writer();
const server = new H2Writer();
const talk = new Conversation('10.0.0.2:50000', '17.188.0.1:443', BigInt(START_SECONDS) * 1_000_000_000n).open();
talk.send(0, PREFACE, client.settings());
talk.send(1, server.settings());
let first = 0;
for (let i = 0; i < 7; i++) {
  if (i === SEEN_FROM) first = talk.packets.length;
  const stream = 2 * i + 1;
  // The sixth request is for another app: its topic is a literal, and a reference to it follows.
  const topic = i < 5 ? 'com.example.app' : 'com.example.other';
  const id = `123e4567-e89b-12d3-a456-42665544000${i}`;
  talk.send(0, client.headers(stream, pushHeaders({ 'apns-topic': topic, 'apns-id': id })), client.data(stream, `{"aps":{"badge":${i}}}`));
  talk.wait(20);
  if (i === 4) {
    const body = '{"reason":"BadDeviceToken"}';
    const headers = [
      { name: ':status', value: '400' },
      { name: 'apns-id', value: id },
    ];
    talk.send(1, server.headers(stream, headers), server.data(stream, body));
  } else {
    const headers = [
      { name: ':status', value: '200' },
      { name: 'apns-id', value: id },
    ];
    talk.send(1, server.headers(stream, headers, { end: true }));
  }
  talk.wait(100);
}
talk.close();
writeFileSync(new URL('http2-late.pcap', import.meta.url), pcapFile(talk.packets.slice(first)));
