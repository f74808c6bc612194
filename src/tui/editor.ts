/** A message as text in the user's editor. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { details } from './export-job.ts';
import type { Source } from './source.ts';

/** The user's editor, as a command of the shell. */
export const editorOf = (env: Readonly<Record<string, string | undefined>>): string => env['VISUAL'] || env['EDITOR'] || 'vi';

/** Opens a copy of the message that nobody reads again, and waits for the editor, which needs the terminal. False: it failed. */
export function readInEditor(command: string, source: Source, row: number, input: NodeJS.ReadStream): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'apns-inspect-'));
  try {
    const path = join(directory, `message-${row + 1}.txt`);
    writeFileSync(path, [...details(source, row)].join('\n'), { mode: 0o400 });
    const keyboard = (input as { fd?: number }).fd ?? 0;
    const { error, status } = spawnSync('/bin/sh', ['-c', `${command} "$1"`, 'sh', path], { stdio: [keyboard, 'inherit', 'inherit'] });
    return error === undefined && status === 0;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
