import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Program } from '../support/run.ts';

const program = new Program();
const dir = mkdtempSync(join(tmpdir(), 'apns-completion-'));
const scripts = new Map<string, string>();

beforeAll(async () => {
  await program.build();
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { out, code } = await program.run(['completion', shell]);
    expect(code).toBe(0);
    scripts.set(shell, join(dir, `completion.${shell}`));
    writeFileSync(join(dir, `completion.${shell}`), out);
  }
});
afterAll(() => {
  program.remove();
  rmSync(dir, { recursive: true, force: true });
});

/** What bash offers for a line whose last word is being typed. */
function offered(...words: string[]): string[] {
  const line = ['apns-inspect', ...words];
  const script = `source '${scripts.get('bash')}'; COMP_WORDS=(${line.map((w) => `'${w}'`).join(' ')}); COMP_CWORD=${line.length - 1}; _apns_inspect; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const run = spawnSync('bash', ['-c', script], { encoding: 'utf8', cwd: dir });
  expect(run.stderr).toBe('');
  return run.stdout.split('\n').filter((w) => w !== '');
}

const installed = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0;

describe('completion', () => {
  it('is a script without faults for bash', () => {
    expect(spawnSync('bash', ['-n', scripts.get('bash') as string]).status).toBe(0);
  });
  for (const shell of ['zsh', 'fish']) {
    it.skipIf(!installed(shell))(`is a script without faults for ${shell}`, () => {
      expect(spawnSync(shell, ['-n', scripts.get(shell) as string]).status).toBe(0);
    });
  }
  it('offers commands, and files, at the beginning', () => {
    expect(offered('st')).toEqual(['streams', 'stats']);
    expect(offered('')).toEqual(expect.arrayContaining(['list', 'show', 'replay', 'emulator', 'completion', 'completion.bash']));
    expect(offered('')).not.toContain('open');
  });
  it('offers the options of the command that was typed, wherever it stands', () => {
    expect(offered('show', 'FILE', '--sh')).toEqual(['--show-secrets']);
    expect(offered('-k', 'KEYS', 'stats', '--in')).toEqual(['--index-only']);
    expect(offered('--the')).toEqual(['--theme']);
    expect(offered('streams', '--the')).toEqual([]);
  });
  it('offers the words that an option takes', () => {
    expect(offered('list', '--time', 'u')).toEqual(['utc']);
    expect(offered('list', '--fail-on', '')).toEqual(['note', 'warn', 'error']);
    expect(offered('list', '-Y', '')).toEqual([]);
    expect(offered('list', '-k', 'completion.b')).toEqual(['completion.bash']);
  });
  it('names the shells that it knows', async () => {
    const run = await program.run(['completion', 'tcsh']);
    expect(run.code).toBe(2);
    expect(run.err).toBe('apns-inspect: there is completion for bash, zsh, fish, not for "tcsh".\n');
  });
  it('of zsh and fish names every command', async () => {
    for (const shell of ['zsh', 'fish']) {
      const { out } = await program.run(['completion', shell]);
      for (const command of ['list', 'show', 'stats', 'replay', 'emulator', 'device']) expect(out, shell).toContain(command);
    }
  });
});
