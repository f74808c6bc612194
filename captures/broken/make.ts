/**
 * Traffic with everything wrong with it, one fault a connection, so that a reader sees what each becomes in the list:
 *
 *   stream 0  a segment was lost: a hole between messages, framing finds the next message by evidence
 *   stream 1  a hole inside a payload: the message's length is known, so its other fields and the next message stand
 *   stream 2  segments out of order, one sent twice, one overlapping with other bytes (the first capture wins, noted)
 *   stream 3  fields broken: wrong widths, a field that overruns, an unknown command and field, padding that is not zero
 *   stream 4  bytes that no message can begin with, in the middle of good ones
 *   stream 5  the capture starts in the middle of a connection and of a message
 *   stream 6  snap length: the end of a payload was cut by the capture
 *   stream 7  keep-alive probes, a RST that carries text, and a message that never ends
 *   stream 8  another protocol
 *
 * Run: npx tsx captures/broken/make.ts
 */
import { writeFileSync } from 'node:fs';
import { tlv } from '../../src/codec/tlv.ts';
import { Conversation, FLAGS, type Packet, pcapFile } from '../../test/support/conversation.ts';

const START = 1_795_284_000_000_000_000n;
const token = new Uint8Array(32).fill(0x5a);
const topic = Uint8Array.from(Buffer.from('e4e6d952954168d0a5db02dbaf27cc35fc18d159', 'hex'));
let made = 0;
const conversation = (): Conversation => {
  const n = made++;
  return new Conversation(`10.0.0.${10 + n}:5000${n}`, '17.57.144.20:5223', START + BigInt(n) * 10_000_000_000n);
};
const text = (s: string): Uint8Array => Buffer.from(s);
const push = (id: number, alert: string): Uint8Array =>
  tlv.encode(
    'message',
    {
      token,
      topic,
      payload: text(JSON.stringify({ aps: { alert } })),
      id,
      expiry: 1_795_370_400,
      timestamp: 1_795_284_000_000_000_001n,
      priority: 10,
    },
    1,
  );
const connect = tlv.encode('connect', { token, state: 1, presence_flags: 0x202, protocol_version: 12 }, 0);
const accepted = tlv.encode('connect_response', { status: 0, token, message_size: 4096 }, 1);
const hello = (c: Conversation): Conversation => c.open().wait(5).send(0, connect).wait(5).send(1, accepted).wait(50);
const packets: Packet[] = [];
const keep = (c: Conversation): void => {
  packets.push(...c.packets);
};

const lost = hello(conversation());
lost.send(1, push(1, 'before the hole')).lose(1, 700).wait(30);
keep(lost.send(1, push(3, 'after the hole'), push(4, 'and another')).close());

const inside = hello(conversation());
const large = push(5, `a long text: ${'lorem ipsum '.repeat(60)}`);
inside.send(1, large.subarray(0, 300)).lose(1, 200).send(1, large.subarray(500), push(6, 'the next one is whole'));
keep(inside.close());

const disorder = hello(conversation());
const [one, two, three] = [push(7, 'first'), push(8, 'second'), push(9, 'third')];
disorder.raw(1, FLAGS.ack | FLAGS.psh, one.length, two).wait(1);
disorder.raw(1, FLAGS.ack | FLAGS.psh, 0, one).wait(1);
disorder.raw(1, FLAGS.ack | FLAGS.psh, 0, one).wait(1);
const forged = Uint8Array.from(two);
forged[forged.length - 1] ^= 0xff;
disorder.raw(1, FLAGS.ack | FLAGS.psh, one.length, forged).wait(1);
keep(
  disorder
    .lose(1, one.length + two.length)
    .send(1, three)
    .close(),
);

const fields = hello(conversation());
const frame = (command: number, ...body: number[]): Uint8Array =>
  Uint8Array.from([command, 0, 0, body.length >> 8, body.length & 255, ...body]);
fields.send(1, frame(0x0a, 5, 0, 3, 1, 2, 3, 4, 0, 4, 0, 0, 0, 10)).wait(5); // expiry of 3 bytes
fields.send(1, frame(0x0a, 4, 0, 4, 0, 0, 0, 11, 3, 0, 200, 0x7b)).wait(5); // payload overruns the frame
fields.send(1, frame(0x1f, 1, 0, 2, 0xca, 0xfe)).wait(5); // command nobody knows
fields.send(1, frame(0x08, 1, 0, 1, 0, 99, 0, 3, 1, 2, 3)).wait(5); // field nobody knows
fields.send(0, frame(0x0f, 1, 0, 2, 0, 16, 2, 0, 8, 0, 0, 0, 0, 1, 0, 0, 0)).wait(5); // padding that is not zero
keep(fields.send(1, push(12, 'still in step')).close());

const junk = hello(conversation());
keep(
  junk
    .send(1, push(13, 'good'), text('\xff\xfe\xfd HTTP/1.1 400 Bad Request\r\n\r\n'), push(14, 'good again'), push(15, 'and again'))
    .close(),
);

const late = conversation();
late.send(1, push(16, 'the head of this one is missing').subarray(40), push(17, 'whole'), push(18, 'whole too')).wait(20);
keep(late.send(0, tlv.encode('message_ack', { status: 0, id: 17, token }, 0), tlv.encode('message_ack', { status: 0, id: 18, token }, 0)));

const cut = hello(conversation());
cut.send(1, push(19, 'x'.repeat(400)));
const snapped = cut.packets.length - 2;
cut.packets[snapped] = {
  ...cut.packets[snapped],
  bytes: cut.packets[snapped].bytes.subarray(0, 200),
  wireLength: cut.packets[snapped].bytes.length,
};
keep(cut.send(1, push(20, 'whole')).close());

const probes = hello(conversation());
probes.raw(0, FLAGS.ack, -1, Uint8Array.of(0)).wait(1).raw(1, FLAGS.ack, 0).wait(500);
probes.send(1, push(21, 'this one never ends').subarray(0, 60)).wait(10);
keep(probes.raw(1, FLAGS.rst | FLAGS.ack, 0, text('connection reset by peer')));

const other = conversation();
keep(other.open().send(0, text('EHLO mail.example.com\r\n')).send(1, text('250 mail.example.com at your service\r\n')).close());

writeFileSync(new URL('broken.pcap', import.meta.url), pcapFile(packets));
