/**
 * The same short conversation of a provider with the gateway (two notifications, the second refused) in every format of a
 * decrypted stream, and a packet capture of it in every compression. All are written by our own code after the descriptions of
 * the formats; the names of hosts and the token are made up.
 *
 * Run: npx tsx captures/formats/make.ts
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { lz4Frame, zstdFrame } from '../../test/support/compressors.ts';
import { Conversation, pcapFile } from '../../test/support/conversation.ts';
import * as formats from '../../test/support/stream-formats.ts';
import { GATEWAY_TALK } from '../../test/support/talks.ts';

const talk = GATEWAY_TALK;
const endpoint = ([host, port]: readonly [string, number]) => `${host}:${port}`;

/** The conversation as packets: Ethernet, IPv4, TCP, nanoseconds. */
function packets(): Uint8Array {
  const nanos = (sec: number, nsec: number) => BigInt(sec) * 1_000_000_000n + BigInt(nsec);
  const [first] = talk.segments;
  const wire = new Conversation(endpoint(talk.client), endpoint(talk.server), nanos(first.sec, 0)).open();
  for (const { dir, bytes, sec, nsec } of talk.segments) {
    wire.now = nanos(sec, nsec);
    wire.send(dir, bytes);
  }
  return pcapFile(wire.packets);
}

function side(dir: 0 | 1): Uint8Array {
  return Buffer.concat(talk.segments.filter((segment) => segment.dir === dir).map((segment) => segment.bytes));
}

/** Content of every file, by path below this directory. Those that Node compresses may differ between its versions. */
export function samples(): Record<string, Uint8Array | string> {
  const capture = packets();
  const pdus = talk.segments.map((segment) => ({ bytes: formats.upperPdu(talk, segment, 'apns'), sec: segment.sec, nsec: segment.nsec }));
  const directory = Object.entries(formats.tcpflowFiles(talk)).map(([name, bytes]) => [`tcpflow/${name}`, bytes] as const);
  return {
    'sslsplit-L.log': formats.sslsplitLog(talk),
    'sslsplit-S/20261121T181257Z-10.1.2.3,50123-17.188.0.10,2195.log': Buffer.concat(talk.segments.map((segment) => segment.bytes)),
    'socat-x.txt': formats.socatHex(talk),
    'socat-x-v.txt': formats.socatHex(talk, true),
    'follow-raw.txt': formats.followRaw(talk, { swapped: true }),
    'follow-hex.txt': formats.followHex(talk, { swapped: true }),
    'follow.yaml': formats.followYaml(talk, { swapped: true }),
    'follow-ascii.txt': formats.followAscii(talk, { swapped: true }),
    'wireshark-hex-dump.txt': formats.followHex(talk, { banner: false, indent: '    ' }),
    'wireshark.yaml': formats.followOldYaml(talk),
    'wireshark-c-arrays.txt': formats.cArrays(talk),
    'mitmproxy.flows': Buffer.concat([formats.mitmproxyFlow(talk), formats.mitmproxyOther('http')]),
    'upper-pdu.pcap': formats.nanoPcap(252, pdus),
    'c2s.bin': side(0),
    's2c.bin': side(1),
    'two-members.pcap.gz': Buffer.concat([gzipSync(capture.subarray(0, 300)), gzipSync(capture.subarray(300))]),
    'gzip-misnamed.cap': gzipSync(capture),
    'packets.pcap.zst': zstdFrame(capture),
    'packets.pcap.lz4': lz4Frame(capture),
    ...Object.fromEntries(directory),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, content] of Object.entries(samples())) {
    const path = join(import.meta.dirname, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}
