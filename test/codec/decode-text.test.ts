import { describe, expect, it } from 'vitest';
import { decodeText } from '../../src/codec/decode-text.ts';
import { toHex } from '../../src/core/bytes.ts';
import { UserError } from '../../src/core/errors.ts';
import { hex, MADRID, TOKEN_A, tlvFrame } from '../support/bytes.ts';

const CONNECT = tlvFrame(0x07, [1, TOKEN_A], [2, '01']);
const HEX = toHex(CONNECT);
const commands = (input: Uint8Array | string, dialect?: string, dir?: 0 | 1): string[] =>
  decodeText(input, dialect, dir).messages.map(({ message }) => message.command);

describe('decode text', () => {
  it('takes hex in the forms that people paste', () => {
    const pairs = HEX.match(/../g) ?? [];
    for (const form of [
      HEX,
      HEX.toUpperCase(),
      pairs.join(' '),
      pairs.join(':'),
      pairs.map((p) => `0x${p}`).join(', '),
      pairs.map((p) => `\\x${p}`).join(''),
    ]) {
      expect(commands(form)).toEqual(['connect']);
    }
  });

  it('takes what programs print for bytes', () => {
    const pairs = HEX.match(/../g) ?? [];
    const python = [...CONNECT].map((b) =>
      b === 10 ? '\\n' : b >= 32 && b < 127 && b !== 39 && b !== 92 ? String.fromCharCode(b) : `\\x${b.toString(16).padStart(2, '0')}`,
    );
    for (const form of [
      `unsigned char connect_bin[] = {\n  ${pairs.map((p) => `0x${p}`).join(', ')}\n};\nunsigned int connect_bin_len = ${pairs.length};\n`,
      `<${HEX.match(/.{1,8}/g)?.join(' ')}>`,
      `{length = ${pairs.length}, bytes = 0x${HEX}}`,
      `b'${python.join('')}'\n`,
    ]) {
      const { messages } = decodeText(form);
      expect(messages.map(({ bytes }) => toHex(bytes))).toEqual([HEX]);
    }
    // What a log left out cannot be decoded.
    expect(() => decodeText(`{length = 97, bytes = 0x${HEX.slice(0, 8)} ... ${HEX.slice(-8)}}`)).toThrow(UserError);
    expect(() => decodeText("b'no \\q escape'")).toThrow(UserError);
  });

  it('takes dumps, base64, raw bytes and hex as bytes', () => {
    const lines: string[] = [];
    for (let at = 0; at < CONNECT.length; at += 16) {
      const row = CONNECT.slice(at, at + 16);
      lines.push(
        `${at.toString(16).padStart(8, '0')}  ${[...row].map((b) => b.toString(16).padStart(2, '0')).join(' ')}  |${'.'.repeat(row.length)}|`,
      );
    }
    expect(commands(lines.join('\n'))).toEqual(['connect']);
    expect(commands(Buffer.from(CONNECT).toString('base64'))).toEqual(['connect']);
    expect(commands(Buffer.from(CONNECT).toString('base64url'))).toEqual(['connect']);
    expect(commands(CONNECT)).toEqual(['connect']);
    expect(commands(new TextEncoder().encode(`${HEX}\n`))).toEqual(['connect']);
  });

  it('decodes several frames and keeps what is left over', () => {
    const { messages } = decodeText(`${HEX}0c000000000a0000ffff01`);
    expect(messages.map(({ message }) => message.command)).toEqual(['connect', 'keep_alive', 'message']);
    expect(messages[2].message.notes[0].code).toBe('frame.truncated');
    expect(toHex(messages[2].bytes)).toBe('0a0000ffff01');
  });

  it('recognises dialect and direction, or takes them as given', () => {
    expect(decodeText(toHex(tlvFrame(0x08, [1, '00'], [4, '1000'])))).toMatchObject({ dir: 1, dialect: { name: 'courier' } });
    expect(decodeText('080800000002')).toMatchObject({ dir: 1, dialect: { name: 'gateway' } });
    expect(decodeText(`6553f1000020${TOKEN_A}`)).toMatchObject({ dir: 1, dialect: { name: 'feedback' } });
    expect(decodeText('06', 'ios4')).toMatchObject({ dir: 1, dialect: { name: 'courier-ios4' } });
    expect(decodeText(toHex(tlvFrame(0x0a, [1, MADRID], [2, TOKEN_A])), 'courier', 1).messages[0].message.notes.length).toBeGreaterThan(0);
  });

  it('decodes a courier frame with odd fields all the same', () => {
    const odd = tlvFrame(
      0x0a,
      [1, '66616b65546f6b656e'],
      [2, '45d4a8f8d83fdc7ba96233018fe1aa475fbccd6e'],
      [4, 'deadbeef'],
      [5, '4ead64a4'],
      [7, '00'],
    );
    const decoded = decodeText(toHex(odd));
    expect(decoded.dir).toBe(1);
    expect(decoded.messages[0].message.info).toContain('com.apple.mediastream.subscription.push');
    expect(commands('07000000020100')).toEqual(['connect']);
  });

  it('tells the user what is wrong with the input', () => {
    expect(() => decodeText('hello, world!')).toThrow(UserError);
    expect(() => decodeText('')).toThrow(UserError);
    expect(() => decodeText('ffffffff')).toThrow(/none of the dialects/);
    expect(() => decodeText(HEX, 'klingon')).toThrow(/no dialect "klingon"/);
    expect(() => decodeText(hex('00'.repeat(50)))).toThrow(UserError);
  });
});
