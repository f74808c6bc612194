import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { capture } from '../support/captures.ts';
import { hasTmux, noPty, program, type RunOptions, run as start, TerminalRun } from '../support/terminal.ts';

const COURIER = capture('courier-session/courier-session.pcap');
const PTY = `the program in a pseudo-terminal${noPty === undefined ? '' : ` (skipped: ${noPty})`}`;

const runs: TerminalRun[] = [];
async function run(args: string[], options?: RunOptions): Promise<TerminalRun> {
  const t = await start(args, options);
  runs.push(t);
  return t;
}
afterEach(() => {
  for (const t of runs.splice(0)) t.close();
});
beforeAll(async () => {
  await program();
});

/** The screen as it was before the program, with cursor and mouse as before. */
function expectRestored(t: TerminalRun): void {
  expect(t.buffer).toBe('normal');
  expect(t.mouseMode).toBe('none');
  expect(t.cursorVisible).toBe(true);
}

describe.skipIf(noPty !== undefined)(PTY, () => {
  test('opens on the timeline and quits with q, the terminal as it was', async () => {
    const t = await run([COURIER]);
    await t.until('qQuit');
    await t.until('▶');
    expect(t.buffer).toBe('alternate');
    expect(t.text()).toContain('courier-session.pcap');
    expect(t.text()).toContain('┌─ Timeline');
    t.send('q');
    expect(await t.ended()).toBe(0);
    expectRestored(t);
  });

  test('goes through every view and back', async () => {
    const t = await run([COURIER], { cols: 120, rows: 40 });
    await t.until('▶');
    t.send('f');
    await t.until('Flow: token');
    t.send('x');
    await t.until('Flow: connection');
    t.send('q');
    await t.until('┌─ Timeline');
    t.send('i');
    await t.until('Response times');
    t.send('\t');
    t.send('q');
    await t.until('┌─ Detail');
    t.send('?');
    await t.until('Keys (? again');
    t.send('?');
    await t.until('Filter language');
    t.send('\x1b');
    await t.until('┌─ Timeline');
    t.send('mjjd');
    await t.until(/\d+ differ/);
    t.send('q');
    t.send('C');
    await t.until('[x] number');
    t.send('q');
    t.send('S');
    await t.until('Sort by');
    t.send('q');
    t.send('Q');
    expect(await t.ended()).toBe(0);
    expectRestored(t);
  });

  test('statistics filter by the chosen row', async () => {
    const t = await run([COURIER]);
    await t.until('▶');
    t.send('i');
    await t.until(/Connect.*█/);
    t.send('\r');
    await t.until('apns.command ==');
    t.send('q');
    await t.ended();
  });

  test('filters while typing tells what is wrong, and searches text, hex and regular expressions', async () => {
    const t = await run([COURIER], { cols: 120, rows: 40 });
    await t.until('▶');
    t.send('/apns.statu == 4');
    await t.until('did you mean apns.status?');
    t.send('\x15apns.direction == s2c\r');
    await t.until(/\d+ of \d+/);
    t.send('s04\t\t');
    await t.until('Find [regex]');
    t.send('\x15ack\r');
    await t.until(() => !t.text().includes('Find ['));
    t.send('/\x15nonsense.field\r');
    await t.until('unknown field');
    t.send('\x1b');
    await t.until(() => !t.text().includes('unknown field'));
    t.send('Q');
    expect(await t.ended()).toBe(0);
  });

  test('exports what is shown, and copies with OSC 52', async () => {
    const t = await run([COURIER]);
    await t.until('▶');
    t.send('wc');
    await t.until('as csv to');
    t.send('\r');
    await t.until('wrote courier-session.csv');
    expect(readFileSync(join(t.home, 'courier-session.csv'), 'utf8').split('\n')[0]).toContain('number,time');
    t.send('wc');
    await t.until('as csv to');
    t.send('\r');
    await t.until('the file exists');
    t.send('yh');
    await t.until('copied hex');
    expect(t.output).toContain('\x1b]52;c;');
    t.send('q');
    await t.ended();
  });

  test('follows the size of the terminal at any moment', async () => {
    const t = await run([COURIER], { cols: 120, rows: 40 });
    await t.until('▶');
    t.resize(200, 50);
    await t.until(() => t.lines()[0].trimEnd().length > 190);
    t.resize(58, 12);
    await t.until('terminal too small (58x12');
    t.resize(80, 24);
    await t.until('┌─ Detail');
    t.send('q');
    expect(await t.ended()).toBe(0);
  });

  test('a terminal that was resized and came back to its size is drawn anew', async () => {
    const t = await run([COURIER], { cols: 100, rows: 30 });
    await t.until('▶');
    await t.until(/Timeline ─+ 1\//);
    const before = t.output.length;
    process.kill(t.pid, 'SIGWINCH');
    await t.until(() => t.output.slice(before).includes('\x1b[2J') && t.output.slice(before).includes('Timeline'));
    t.send('q');
    await t.ended();
  });

  test('the mouse selects beyond column 95, and can be switched off', async () => {
    const t = await run([COURIER], { cols: 200, rows: 50 });
    await t.until('▶');
    expect(t.mouseMode).not.toBe('none');
    t.send('\x1b[<0;151;8M\x1b[<0;151;8m');
    await t.until(() => t.lines()[7].includes('▶'));
    t.send('\x1bm');
    await t.until(() => t.mouseMode === 'none');
    t.send('q');
    await t.ended();
  });

  test('a file that grows is followed: the end is shown until the cursor moves', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'grow-'));
    try {
      const whole = readFileSync(COURIER);
      const path = join(directory, 'live.pcap');
      const half = cutAtPacket(whole, whole.length >> 1);
      writeFileSync(path, whole.subarray(0, half));
      const t = await run(['--follow', path]);
      await t.until('● live');
      const before = Number(/([\d,]+) msgs/.exec(t.text())?.[1].replace(',', ''));
      appendFileSync(path, whole.subarray(half));
      await t.until(() => Number(/([\d,]+) msgs/.exec(t.text())?.[1].replace(',', '')) > before);
      const [, at, of] = /Timeline ─+ (\d+)\/(\d+)/.exec(t.text()) ?? [];
      expect(at).toBe(of);
      t.send('k');
      await t.until(new RegExp(`Timeline ─+ ${Number(of) - 1}/`));
      t.send('A');
      await t.until('following the end');
      t.send('q');
      expect(await t.ended()).toBe(0);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  test('a capture from a pipe leaves the keyboard to the user', async () => {
    const script = await program();
    const t = new TerminalRun('sh', ['-c', `cat '${COURIER}' | '${process.execPath}' '${script}' -`]);
    runs.push(t);
    await t.until('standard input');
    await t.until('▶');
    t.send('g');
    await t.until(/Timeline ─+ 1\//);
    t.send('j');
    await t.until(/Timeline ─+ 2\//);
    t.send('q');
    expect(await t.ended()).toBe(0);
    expectRestored(t);
  });

  test('only the newest messages are kept with --ring, and the others keep their numbers', async () => {
    const script = await program();
    const t = new TerminalRun('sh', ['-c', `cat '${COURIER}' | '${process.execPath}' '${script}' --ring 4 -`], { cols: 120, rows: 36 });
    runs.push(t);
    await t.until(/ msgs \(\d+ gone\) *$/m);
    const [, total, gone] = /([\d,]+) msgs \((\d+) gone\)/.exec(t.lines()[0]) ?? [];
    expect(Number(total) - Number(gone)).toBe(4);
    await t.until(/Timeline ─+ 4\/4 /);
    await t.until(new RegExp(`^│▶ +${total} `, 'm'));
    t.send('q');
    expect(await t.ended()).toBe(0);
  });

  test('settings and the history of filters are kept', async () => {
    const home = mkdtempSync(join(tmpdir(), 'home-'));
    try {
      mkdirSync(join(home, 'apns-inspect'));
      writeFileSync(
        join(home, 'apns-inspect', 'config.json'),
        JSON.stringify({ theme: 'mono', columns: ['number', 'size'], keys: { down: ['z'] }, wrong: 1 }),
      );
      const env = { XDG_CONFIG_HOME: home, XDG_STATE_HOME: home };
      const t = await run([COURIER], { env });
      await t.until('there is no setting "wrong"');
      expect(t.lines()[3]).toMatch(/#\s+Size/);
      t.send('z');
      await t.until(/Timeline ─+ 2\//);
      t.send('/apns.size > 10\r');
      await t.until(/\d+ of \d+/);
      t.send('q');
      await t.ended();
      const again = await run([COURIER], { env });
      await again.until('▶');
      again.send('/\x1b[A');
      await again.until('apns.size > 10');
      again.send('\x1b');
      await again.until('‹none›');
      again.send('q');
      await again.ended();
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });

  test('NO_COLOR draws without colours, --ascii without other characters', async () => {
    const t = await run([COURIER, '--ascii'], { env: { NO_COLOR: '1' } });
    await t.until('+- Timeline');
    expect(t.text()).toMatch(/^[\x20-\x7e\n]*$/);
    for (let y = 0; y < 24; y++) for (let x = 0; x < 80; x++) expect(t.cell(x, y).foreground).toBe(-1);
    t.send('q');
    await t.ended();
  });
});

describe.skipIf(noPty !== undefined)(`restoring the terminal${noPty === undefined ? '' : ` (skipped: ${noPty})`}`, () => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
  ] as const) {
    test(`after ${signal} the terminal is as before and the exit code is ${code}`, async () => {
      const t = await run([COURIER]);
      await t.until('▶');
      process.kill(t.pid, signal);
      expect(await t.ended()).toBe(code);
      expectRestored(t);
    });
  }

  test('Ctrl-C quits when nothing runs', async () => {
    const t = await run([COURIER]);
    await t.until('▶');
    t.send('\x03');
    expect(await t.ended()).toBe(0);
    expectRestored(t);
  });

  test('after suspend and resume the screen is drawn anew', async () => {
    const t = await run([COURIER]);
    await t.until('▶');
    t.send('\x1a');
    await t.until(() => t.buffer === 'normal');
    expect(t.cursorVisible).toBe(true);
    await t.until(() => stateOf(t.pid) === 'T');
    process.kill(t.pid, 'SIGCONT');
    await t.until('▶');
    t.send('j');
    await t.until(/Timeline ─+ 2\//);
    t.send('q');
    expect(await t.ended()).toBe(0);
  });

  test('a bug is reported on a restored terminal with exit code 70', async () => {
    const script = await program();
    const t = new TerminalRun(
      process.execPath,
      ['--import', `data:text/javascript,process.once('SIGUSR2',()=>{throw new Error('made for the test')})`, script, COURIER],
      { cols: 120 },
    );
    runs.push(t);
    await t.until('▶');
    process.kill(t.pid, 'SIGUSR2');
    expect(await t.ended()).toBe(70);
    expectRestored(t);
    expect(t.text()).toContain('this is a bug');
  });

  for (const term of ['xterm-256color', 'screen-256color', 'tmux-256color', 'linux', 'xterm-kitty']) {
    test(`TERM=${term} starts clean`, async () => {
      const t = await run([COURIER], { env: { TERM: term } });
      await t.until('▶');
      expect(t.output).not.toMatch(/Error|plab_norm|Setulc|lqqk/);
      expect(t.text()).toContain('┌─ Timeline');
      t.send('q');
      expect(await t.ended()).toBe(0);
      expect(t.cursorVisible).toBe(true);
    });
  }

  test('TERM=dumb, --no-tui and a listing option never start it', async () => {
    for (const [args, env] of [
      [[], { TERM: 'dumb' }],
      [['--no-tui'], {}],
      [['--format', 'csv'], {}],
      [[], { CI: 'true' }],
    ] as const) {
      const t = await run([...args, COURIER], { env });
      expect(await t.ended()).toBe(0);
      expect(t.output).not.toContain('\x1b[?1049h');
      t.close();
    }
  });
});

test.skipIf(!hasTmux)(`starts in tmux, with real box characters${hasTmux ? '' : ' (skipped: tmux is not installed)'}`, async () => {
  const script = await program();
  const directory = mkdtempSync(join(tmpdir(), 'tmux-'));
  const file = join(directory, 'a.pcap');
  copyFileSync(COURIER, file);
  const socket = join(directory, 'socket');
  const env = { PATH: process.env['PATH'] ?? '', HOME: directory, LANG: 'C.UTF-8', TERM: 'xterm-256color', SHELL: '/bin/sh' };
  const tmux = (...args: string[]): string => execFileSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], { encoding: 'utf8', env });
  try {
    tmux('new-session', '-d', '-x', '80', '-y', '24', `'${process.execPath}' '${script}' '${file}'; sleep 60`);
    const end = Date.now() + 30_000;
    const shows = (): string => tmux('capture-pane', '-p');
    while (!shows().includes('▶') && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(shows()).toContain('┌─ Timeline');
    tmux('send-keys', 'f');
    while (!shows().includes('Flow: ') && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(shows()).toContain('│');
    tmux('send-keys', 'Q');
    const alternate = (): string => tmux('display-message', '-p', '#{alternate_on} #{cursor_flag} #{mouse_any_flag}').trim();
    while (alternate() !== '0 1 0' && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(alternate()).toBe('0 1 0');
  } finally {
    try {
      tmux('kill-server');
    } catch {
      // It ended with its last session.
    }
    rmSync(directory, { recursive: true, force: true });
  }
});

/** The process state as the kernel tells it: "T" is stopped. */
function stateOf(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '')[0];
}

/** Where a packet of a little-endian classic capture begins, at or behind `wanted`. */
function cutAtPacket(bytes: Buffer, wanted: number): number {
  let at = 24;
  while (at < wanted) at += 16 + bytes.readUInt32LE(at + 8);
  return at;
}
