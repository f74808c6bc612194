import { describe, expect, it } from 'vitest';
import { compileFilter } from '../../../src/timeline/filter/filter.ts';
import type { Timeline } from '../../../src/timeline/timeline.ts';
import { capture, readAll } from '../../support/captures.ts';

const open = async (name: string): Promise<Timeline> => (await readAll([capture(name)])).timeline;

const found = (timeline: Timeline, filter: string): number => compileFilter(filter).select(timeline, 0, timeline.length).length;

describe('layers in a filter', () => {
  it('stand for the messages that came over them', async () => {
    const delivery = await open('delivery/delivery.pcapng');
    const all = delivery.length;
    expect(found(delivery, 'tcp')).toBe(all);
    expect(found(delivery, 'tls')).toBe(all);
    expect(found(delivery, 'http2')).toBe(found(delivery, 'apns.dialect == http2'));
    expect(found(delivery, 'apns') + found(delivery, 'apns.dialect in {tls, capture}')).toBe(all);
    const plain = await open('courier-session/courier-session.pcap');
    expect(found(plain, 'tls')).toBe(0);
    expect(found(plain, 'tcp contains "content-available"')).toBe(found(plain, 'apns.payload contains "content-available"'));
  });
  it('have the hardware addresses of the packet', async () => {
    const plain = await open('courier-session/courier-session.pcap');
    const head = plain.linkHeader(0) as Uint8Array;
    const [dst, src] = [head.subarray(0, 6), head.subarray(6, 12)].map((mac) =>
      Buffer.from(mac)
        .toString('hex')
        .replace(/..(?=.)/g, '$&:'),
    );
    expect(found(plain, `eth.src == ${src} && apns.number == 1`)).toBe(1);
    expect(found(plain, `eth.dst == ${dst} && apns.number == 1`)).toBe(1);
    expect(found(plain, `eth.addr == ${dst} && eth.addr == ${src}`)).toBe(plain.length);
    expect(found(plain, 'eth.type == 0x0800')).toBe(plain.length);
    expect(found(await open('links/wifi.pcap'), 'eth')).toBe(0);
  });
  it('take addresses, and refuse what is none', async () => {
    const tunnel = await open('links/raw.pcap');
    expect(found(tunnel, 'ip || ipv6')).toBe(tunnel.length);
    expect(() => found(tunnel, 'ip.addr == 10.0.0')).toThrow(/"10\.0\.0" is no address/);
  });
  it('tell what was meant by fields of packets', () => {
    const cases: [string, RegExp][] = [
      ['tcp.flags.syn == 1', /unknown field 'tcp\.flags\.syn'; there are tcp\.port, /],
      ['frame.len > 100', /did you mean apns\.size\?/],
      ['status == 200', /did you mean apns\.status\?/],
      ['tls.handshake', /did you mean tls\.handshake\.type\?/],
      ['_ws.col.info contains "x"', /did you mean apns\.info\?/],
    ];
    for (const [filter, message] of cases) expect(() => compileFilter(filter), filter).toThrow(message);
  });
  it('take names of messages and dialects as people write them', async () => {
    const plain = await open('courier-session/courier-session.pcap');
    const acks = found(plain, 'apns.command == message_ack');
    expect(acks).toBeGreaterThan(0);
    for (const same of ['apns.command == "Message ack"', 'apns.message == message-ack', 'apns.command in {MESSAGE_ACK}']) {
      expect(found(plain, same), same).toBe(acks);
    }
    expect(found(plain, 'apns.command != message-ack')).toBe(plain.length - acks);
    expect(found(plain, 'apns.dialect == Courier')).toBe(found(plain, 'apns.dialect == courier'));
    expect(found(plain, 'apns.dialect == tls')).toBe(0);
  });
});
