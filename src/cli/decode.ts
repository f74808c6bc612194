import { readFileSync } from 'node:fs';
import { decodeText } from '../codec/decode-text.ts';
import { EXIT, UserError } from '../core/errors.ts';
import type { Message } from '../core/message.ts';
import { valueJson } from '../export/record.ts';
import { expandPayloads } from '../timeline/decoders.ts';
import { credentialRanges, hexDump } from '../view/hex.ts';
import { treeLines } from '../view/tree.ts';
import { Output } from './output.ts';

export interface DecodeOptions {
  dialect?: string;
  direction?: 'c2s' | 's2c';
  format?: string;
}

/** Longest input: far above any message, far below what would hurt. */
const INPUT_LIMIT = 64 * 1024 * 1024;

/** `apns-inspect decode HEX|-`: messages from hex, base64 or standard input (hex, base64 or raw bytes). */
export async function runDecode(texts: string[], options: DecodeOptions): Promise<number> {
  if (options.format !== undefined && options.format !== 'text' && options.format !== 'json') {
    throw new UserError('format', `--format takes text or json, not "${options.format}".`, EXIT.usage);
  }
  let input: Uint8Array | string;
  if (texts.length === 1 && texts[0] === '-') {
    const bytes = readFileSync(0);
    if (bytes.length > INPUT_LIMIT)
      throw new UserError('decode', `the input is larger than ${INPUT_LIMIT} bytes; write it to a capture and open that.`);
    input = bytes;
  } else input = texts.join(' ');
  const { messages } = decodeText(
    input,
    options.dialect,
    options.direction === undefined ? undefined : options.direction === 'c2s' ? 0 : 1,
  );
  const out = new Output(undefined);
  for (const { message: plain, bytes } of messages) {
    const message = expandPayloads(plain);
    if (options.format === 'json') out.line(messageJson(message));
    else text(message, bytes, out);
  }
  out.close();
  return EXIT.ok;
}

function text(message: Message, bytes: Uint8Array, out: Output): void {
  out.line(`${message.label} (${message.dialect}, ${message.dir === 0 ? 'c2s' : 's2c'})  ${message.info}`);
  for (const line of treeLines(message)) {
    const range = line.at === undefined ? '' : `  [${line.at.start}..${line.at.end}]`;
    out.line(`${'  '.repeat(line.depth + 1)}${line.label}: ${line.field?.privacy === 'credential' ? '‹redacted›' : line.text}${range}`);
  }
  for (const line of hexDump(bytes, 16, credentialRanges(message.fields))) out.line(`  ${line}`);
}

function messageJson(message: Message): string {
  const fields = message.fields.map((f) => `${JSON.stringify(f.name)}:${f.privacy === 'credential' ? '"‹redacted›"' : valueJson(f.value)}`);
  const notes = message.notes.map((n) => ({ code: n.code, severity: n.severity, start: n.start, end: n.end, detail: n.detail }));
  return `{"dialect":"${message.dialect}","message":${JSON.stringify(message.command)},"dir":"${message.dir === 0 ? 'c2s' : 's2c'}","info":${JSON.stringify(message.info)},"fields":{${fields.join(',')}},"notes":${JSON.stringify(notes)}}`;
}
