/**
 * Blocks of a pcapng file as bytes, little-endian. Only what a recording needs: section, Ethernet interface with
 * nanoseconds, decryption secrets (NSS key log), enhanced packets. Source: IETF draft-ietf-opsawg-pcapng.
 */
import { utf8Bytes } from '../core/text.ts';

const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
const SECRETS = 10;
const PACKET = 6;
const LINK_ETHERNET = 1;
const TLS_KEY_LOG = 0x544c534b; // "TLSK"
const OPTION_END = 0;
const OPTION_TSRESOL = 9;
const OPTION_USERAPPL = 4;

/** Section header, and one Ethernet interface whose times are nanoseconds. */
export function fileHeader(application: string): Uint8Array {
  const section = block(SECTION, 16 + optionLength(application.length) + 4, (view, at) => {
    view.setUint32(at, 0x1a2b3c4d, true);
    view.setUint16(at + 4, 1, true); // version 1.0
    view.setBigInt64(at + 8, -1n, true); // section length not stated
    writeOption(view, at + 16, OPTION_USERAPPL, utf8Bytes(application));
  });
  const iface = block(INTERFACE, 8 + 8 + 4, (view, at) => {
    view.setUint16(at, LINK_ETHERNET, true);
    view.setUint32(at + 4, 0, true); // no snap length
    writeOption(view, at + 8, OPTION_TSRESOL, Uint8Array.of(9));
  });
  return Buffer.concat([section, iface]);
}

/** TLS secrets: lines of NSS key log text. */
export function secretsBlock(keyLog: Uint8Array): Uint8Array {
  return block(SECRETS, 8 + padded(keyLog.length), (view, at, bytes) => {
    view.setUint32(at, TLS_KEY_LOG, true);
    view.setUint32(at + 4, keyLog.length, true);
    bytes.set(keyLog, at + 8);
  });
}

/** One packet; `nanoseconds` since the epoch. */
export function packetBlock(nanoseconds: bigint, packet: Uint8Array): Uint8Array {
  return block(PACKET, 20 + padded(packet.length), (view, at, bytes) => {
    view.setUint32(at, 0, true);
    view.setUint32(at + 4, Number(nanoseconds >> 32n), true);
    view.setUint32(at + 8, Number(nanoseconds & 0xffffffffn), true);
    view.setUint32(at + 12, packet.length, true);
    view.setUint32(at + 16, packet.length, true);
    bytes.set(packet, at + 20);
  });
}

function block(type: number, bodyLength: number, fill: (view: DataView, at: number, bytes: Uint8Array) => void): Uint8Array {
  const total = 12 + bodyLength;
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, total, true);
  fill(view, 8, bytes);
  view.setUint32(total - 4, total, true);
  return bytes;
}

function padded(length: number): number {
  return (length + 3) & ~3;
}

function optionLength(length: number): number {
  return 4 + padded(length);
}

function writeOption(view: DataView, at: number, code: number, value: Uint8Array): void {
  view.setUint16(at, code, true);
  view.setUint16(at + 2, value.length, true);
  for (let i = 0; i < value.length; i++) view.setUint8(at + 4 + i, value[i]);
  view.setUint16(at + optionLength(value.length), OPTION_END, true);
}

/** A further interface for another link type; its number is the order in which interfaces were written. */
export function interfaceBlock(linkType: number): Uint8Array {
  return block(INTERFACE, 8 + 8 + 4, (view, at) => {
    view.setUint16(at, linkType, true);
    view.setUint32(at + 4, 0, true);
    writeOption(view, at + 8, OPTION_TSRESOL, Uint8Array.of(9));
  });
}

/** A packet of any interface that may be longer on the wire than in the file. */
export function capturedPacket(iface: number, sec: number, nsec: number, packet: Uint8Array, wireLength: number): Uint8Array {
  const bytes = packetBlock(BigInt(sec) * 1_000_000_000n + BigInt(nsec), packet);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, iface, true);
  view.setUint32(24, wireLength, true);
  return bytes;
}
