/** Strings from the wire, and terminals that change under the program's hands, in a pseudo-terminal. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { gateway } from '../../src/codec/gateway.ts';
import { Conversation, pcapFile } from '../support/conversation.ts';
import { noPty, program, run as start, type TerminalRun } from '../support/terminal.ts';

/** What payloads may try: to clear, colour, move, ring, answer, set titles and clipboards, reorder, and to be taken for markup. */
const ALERTS = [
  'a\x1b[2J\x1b[31mred\x1b[H',
  'b\x1b]0;owned\x07\x1b]52;c;QUJD\x07',
  'c\x1bP1$r\x1b\\\x1b_x\x1b\\\x1b^y\x1b\\',
  'd\x9b2J\x9d0;t\x9c\x85',
  'e\u202eevil\u2066x\u2069\u200b\ufeff',
  'f{bold}{red-fg}markup{/} {{{',
  'g\r\n\tline\b\b\b\x7f',
  'h漢字かな 한국어 ＡＢＣ',
  'i🚀👨‍👩‍👧‍👦🇩🇪❤️',
  `j${'e\u0301\u0302\u0303'.repeat(30)}`,
  `k${'w'.repeat(2000)}`,
  'l\ud800lone',
];

const runs: TerminalRun[] = [];
let directory: string;
let file: string;

describe.skipIf(noPty !== undefined)(`hostile strings and storms${noPty === undefined ? '' : ` (skipped: ${noPty})`}`, () => {
  beforeAll(async () => {
    await program();
    directory = mkdtempSync(join(tmpdir(), 'hostile-'));
    file = join(directory, 'hostile.pcap');
    const talk = new Conversation('10.0.0.2:50000', '17.188.0.10:2195', 1_795_284_000_000_000_000n).open().wait(10);
    const token = Uint8Array.from({ length: 32 }, (_, i) => i * 7 + 1);
    ALERTS.forEach((text, i) => {
      const payload = Buffer.from(JSON.stringify({ aps: { alert: text }, [text.slice(0, 40)]: 1 }));
      talk.send(0, gateway.encode('notification', { token, payload, identifier: i + 1, expiry: 1_795_370_400 }, 0)).wait(5);
    });
    writeFileSync(file, pcapFile(talk.close(1).packets));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  afterEach(() => {
    for (const t of runs.splice(0)) t.close();
  });

  async function open(cols: number, rows: number): Promise<TerminalRun> {
    const t = await start([file], { cols, rows, env: { EDITOR: 'cat' } });
    runs.push(t);
    await t.until(/▶ +1 /);
    return t;
  }

  /** Every line of the body ends in its frame, in the last column. */
  function expectAligned(t: TerminalRun, cols: number, rows: number): void {
    for (let y = 2; y < rows - 1; y++) expect(t.cell(cols - 1, y).text, `line ${y}\n${t.text()}`).toMatch(/[│┐┘]/);
  }

  /** The program's own sequences: cursor, SGR, modes, title. Nothing of a payload is among them. */
  const OWN =
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the control characters are what is looked for
    /\x1b\[\d+;\d+H|\x1b\[\d+G|\x1b\[[\d;]*m|\x1b\[2J|\x1b\[H|\x1b\[\?[\d;]+[hl]|\x1b[=>]|\x1b\]0;apns-inspect hostile\.pcap\x07/g;

  test('no string of a payload moves the cursor, colours the screen, sets the title or the clipboard, or shifts a frame', async () => {
    for (const [cols, rows] of [
      [80, 24],
      [200, 50],
    ] as const) {
      const t = await open(cols, rows);
      for (let i = 1; i <= ALERTS.length; i++) {
        t.send(`${i}G`);
        await t.until(new RegExp(`Timeline ─+ ${i}/${ALERTS.length}`));
        await t.until(() => t.text().includes(`Message ${i}:`));
        expectAligned(t, cols, rows);
      }
      t.send('d');
      t.send('f');
      await t.until('Flow: token');
      expectAligned(t, cols, rows);
      t.send('qi');
      await t.until('┌─ Messages');
      t.send('Q');
      expect(await t.ended()).toBe(0);
      const foreign = t.output.replace(OWN, '');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the control characters are what is looked for
      expect(foreign).not.toMatch(/[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
      expect(t.output).not.toContain('owned\x07');
    }
  });

  test('what is copied and exported holds no control characters either', async () => {
    const t = await open(120, 36);
    t.send('wd');
    await t.until('as details to');
    t.send('\r');
    await t.until('wrote hostile.details.txt');
    const text = readFileSync(join(t.home, 'hostile.details.txt'), 'utf8');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the control characters are what is looked for
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
    t.send('Q');
    expect(await t.ended()).toBe(0);
  });

  test('the editor has the terminal for a while, and gets a copy', async () => {
    const t = await open(120, 36);
    t.send('E');
    await t.until('┌─ Timeline');
    // `cat` writes the copy on the normal screen.
    await t.until(() => t.output.includes('Message 1: Notification (gateway)\r\n'));
    t.send('j');
    await t.until(/Timeline ─+ 2\//);
    t.send('Q');
    expect(await t.ended()).toBe(0);
    expect(t.buffer).toBe('normal');
  });

  test('a storm of sizes and keys ends on a whole screen of the last size', async () => {
    const t = await open(120, 36);
    const sizes = [
      [60, 15],
      [200, 50],
      [59, 14],
      [80, 24],
      [1, 1],
      [160, 20],
      [300, 80],
      [100, 19],
    ] as const;
    for (let round = 0; round < 6; round++) {
      for (const [cols, rows] of sizes) {
        t.resize(cols, rows);
        t.send(['j', 'f', '?', '\t', '\\', 'i', '\x1b', 'G', 'g'][(round + cols) % 9]);
        // Some sizes are drawn, some are overtaken by the next.
        if ((cols + round) % 3 === 0) await new Promise<void>((resolve) => setImmediate(resolve));
      }
    }
    t.resize(120, 36);
    t.send('\x1b\x1b\x1b\x1b');
    await t.until(() => t.lines()[0].trimEnd().endsWith('msgs') && /[│┐┘]/.test(t.cell(119, 10).text) && t.lines().length === 36);
    t.send('\x0c');
    await t.until(() =>
      t
        .lines()
        .slice(2, 35)
        .every((_, y) => /[│┐┘]/.test(t.cell(119, y + 2).text)),
    );
    t.send('Q');
    expect(await t.ended()).toBe(0);
  });

  test('the terminal is restored after a signal while a menu, a prompt or the help is open', async () => {
    for (const keys of ['C', '/apns.', '?', 'r']) {
      const t = await open(80, 24);
      t.send(keys);
      await t.until(/\[x\] number|Tab complete|Keys \(|Dry run/);
      process.kill(t.pid, 'SIGTERM');
      expect(await t.ended()).toBe(143);
      expect(t.buffer).toBe('normal');
      expect(t.mouseMode).toBe('none');
      expect(t.cursorVisible).toBe(true);
    }
  });
});
