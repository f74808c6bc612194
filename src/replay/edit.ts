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

/** Fields of a message as text, as `--set` names them. Credentials stay out. */
export function editable(out: Outgoing): Record<string, string> {
  const fields: Record<string, string> = {};
  if (out.kind === 'http') {
    for (const [name, value] of out.headers) {
      if (name === 'authorization') continue;
      fields[name === ':path' ? 'path' : name === ':method' ? 'method' : `header.${name}`] = value;
    }
    const text = utf8(out.body);
    if (text !== undefined) fields['payload'] = text;
    return fields;
  }
  for (const [name, def] of Object.entries(out.def.fields)) {
    const bytes = wireValue(out, name);
    if (bytes === undefined || def.privacy === 'credential' || def.repeated === true) continue;
    if (def.type.kind === 'uint') fields[name] = String(bytes.reduce((sum, b) => sum * 256n + BigInt(b), 0n));
    else if (def.type.kind === 'payload' || def.type.kind === 'text' || def.type.kind === 'decimal')
      fields[name] = utf8(bytes) ?? toHex(bytes);
    else fields[name] = toHex(bytes);
  }
  return fields;
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
      throw new UserError('replay.edit', `the edited message ${row + 1} is not JSON: ${(error as Error).message}.`, EXIT.usage);
    }
    if (typeof after !== 'object' || after === null || Array.isArray(after))
      throw new UserError('replay.edit', `the edited message ${row + 1} must be a JSON object.`, EXIT.usage);
    const fields = after as Record<string, unknown>;
    const rules: RewriteRule[] = [];
    for (const name of new Set([...Object.keys(before), ...Object.keys(fields)])) {
      const value = fields[name] === undefined ? '' : typeof fields[name] === 'string' ? fields[name] : JSON.stringify(fields[name]);
      if (value !== before[name]) rules.push({ when: undefined, row, field: name, value });
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
