import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '../core/bytes.ts';
import { EXIT, UserError } from '../core/errors.ts';
import { utf8 } from '../core/text.ts';
import { type Outgoing, wireValue } from './outgoing.ts';
import type { RewriteRule } from './rewrite.ts';

/** Runs an editor on a file and waits for it. */
export type Editor = (path: string) => void;

/** Fields of a message as text, as `--set` names them; a payload as JSON where that loses nothing. Credentials stay out. */
export function editable(out: Outgoing): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  if (out.kind === 'http') {
    for (const [name, value] of out.headers) {
      if (name === 'authorization') continue;
      fields[name === ':path' ? 'path' : name === ':method' ? 'method' : `header.${name}`] = value;
    }
    const text = utf8(out.body);
    if (text !== undefined) fields['payload'] = payloadValue(text);
    return fields;
  }
  for (const [name, def] of Object.entries(out.def.fields)) {
    const bytes = wireValue(out, name);
    if (bytes === undefined || def.privacy === 'credential' || def.repeated === true) continue;
    if (def.type.kind === 'uint') fields[name] = String(bytes.reduce((sum, b) => sum * 256n + BigInt(b), 0n));
    else if (def.type.kind === 'payload') fields[name] = payloadValue(utf8(bytes) ?? toHex(bytes));
    else if (def.type.kind === 'text' || def.type.kind === 'decimal') fields[name] = utf8(bytes) ?? toHex(bytes);
    else fields[name] = toHex(bytes);
  }
  return fields;
}

/** An object as JSON reads it, where it writes the same text again; else the text. */
function payloadValue(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && JSON.stringify(value) === text ? value : text;
  } catch {
    return text;
  }
}

/** What `--set` takes for a value of the edited file; a field that is gone has none. */
function setting(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Opens one message in the editor and gives the changes as rules for its row. Throws `UserError`. */
export function editMessage(out: Outgoing, row: number, edit: Editor): RewriteRule[] {
  const before = editable(out);
  const directory = mkdtempSync(join(tmpdir(), 'apns-replay-'));
  const path = join(directory, `message-${row + 1}.json`);
  try {
    writeFileSync(path, `${JSON.stringify(before, null, 2)}\n`, { mode: 0o600 });
    edit(path);
    let after: unknown;
    try {
      after = JSON.parse(readFileSync(path, 'utf8'));
    } catch (error) {
      const why = (error as Error).message.replace(/\s+/g, ' ');
      throw new UserError('replay.edit', `the edited message ${row + 1} is not JSON: ${why}.`, EXIT.usage);
    }
    if (typeof after !== 'object' || after === null || Array.isArray(after))
      throw new UserError('replay.edit', `the edited message ${row + 1} must be a JSON object.`, EXIT.usage);
    const fields = after as Record<string, unknown>;
    const rules: RewriteRule[] = [];
    for (const name of new Set([...Object.keys(before), ...Object.keys(fields)])) {
      const value = setting(fields[name]);
      if (value !== setting(before[name])) rules.push({ when: undefined, row, field: name, value });
    }
    return rules;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** $VISUAL or $EDITOR, else vi. */
export const USER_EDITOR: Editor = (path) => {
  const command = process.env['VISUAL'] ?? process.env['EDITOR'] ?? 'vi';
  const { status, error } = spawnSync('/bin/sh', ['-c', `${command} "$1"`, 'sh', path], { stdio: 'inherit' });
  if (error !== undefined || status !== 0)
    throw new UserError('replay.edit', `the editor "${command}" ended with an error: nothing was sent.`);
};
