/**
 * Makes the pictures of docs/tui.md: runs the program in a pseudo-terminal, presses keys, and writes what the terminal shows
 * as SVG. Run with `npx tsx docs/screens/make.ts`.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmulator } from '../../src/emulator/index.ts';
import { run, type TerminalRun } from '../../test/support/terminal.ts';

const CELL_WIDTH = 8.4;
const CELL_HEIGHT = 17;
const BACKGROUND = '#16181d';
const FOREGROUND = '#d8dce4';
/** The sixteen colours, as a dark terminal has them. */
const PALETTE = [
  '#1d1f24', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#c8ccd4',
  '#6b7280', '#ff7b86', '#b1dc92', '#ffd68f', '#7cc4ff', '#dd8ff2', '#6fd3df', '#ffffff',
];

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

/** The screen as SVG: one text per run of cells that look alike, each at its own column. */
function svg(t: TerminalRun, cols: number, rows: number, title: string): string {
  const width = Math.ceil(cols * CELL_WIDTH + 16);
  const height = rows * CELL_HEIGHT + 16;
  const out = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" rx="6" fill="${BACKGROUND}"/>`,
    '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" xml:space="preserve">',
  ];
  for (let y = 0; y < rows; y++) {
    let x = 0;
    while (x < cols) {
      const first = t.cell(x, y);
      let text = first.text === '' ? ' ' : first.text;
      let end = x + Math.max(1, first.width);
      while (end < cols) {
        const next = t.cell(end, y);
        if (next.foreground !== first.foreground || next.background !== first.background || next.bold !== first.bold || next.inverse !== first.inverse) break;
        if (next.width === 2) break;
        text += next.text === '' ? ' ' : next.text;
        end++;
      }
      let color = first.foreground < 0 ? FOREGROUND : (PALETTE[first.foreground] ?? FOREGROUND);
      let behind = first.background < 0 ? BACKGROUND : (PALETTE[first.background] ?? BACKGROUND);
      if (first.inverse) [color, behind] = [behind, color];
      const left = (8 + x * CELL_WIDTH).toFixed(1);
      const wide = ((end - x) * CELL_WIDTH).toFixed(1);
      if (behind !== BACKGROUND) out.push(`<rect x="${left}" y="${8 + y * CELL_HEIGHT}" width="${wide}" height="${CELL_HEIGHT}" fill="${behind}"/>`);
      if (text.trim() !== '') {
        out.push(
          `<text x="${left}" y="${8 + y * CELL_HEIGHT + 13}" textLength="${wide}" lengthAdjust="spacingAndGlyphs" fill="${color}"${first.bold ? ' font-weight="bold"' : ''}>${escaped(text)}</text>`,
        );
      }
      x = end;
    }
  }
  out.push('</g>', '</svg>', '');
  return out.join('\n');
}

interface Shot {
  readonly name: string;
  readonly title: string;
  /** Keys, each with what is waited for after it. */
  readonly keys: readonly (readonly [string, string | RegExp])[];
  readonly cols?: number;
  readonly rows?: number;
  /** A capture of the repository; the courier session. */
  readonly file?: string;
  readonly args?: readonly string[];
  /** What happens once the keys were pressed, and what it shows. */
  readonly meanwhile?: () => Promise<unknown>;
  readonly until?: string;
}

/** Ports that the pictures show. */
const COURIER_PORT = 15_223;
const CONTROL_PORT = 12_198;

const state = mkdtempSync(join(tmpdir(), 'screens-'));
const emulator = await startEmulator({
  directory: join(state, 'apns-inspect', 'lab'),
  ports: { courier: COURIER_PORT, gateway: 0, feedback: 0, http2: 0, control: CONTROL_PORT },
  controlToken: 'picture',
  unknownTokens: 'accept',
});

const captureFile = (name: string): string => fileURLToPath(new URL(`../../captures/${name}`, import.meta.url));

/** The courier session sent to the emulator, by the program itself. */
async function replayOnce(): Promise<void> {
  const args = ['replay', captureFile(COURIER), '--to', `127.0.0.1:${COURIER_PORT}`, '--stream', '0', '--speed', 'max'];
  const t = await run(args, { env: { XDG_STATE_HOME: state } });
  await t.ended();
  t.close();
}

const COURIER = 'courier-session/courier-session.pcap';

const SHOTS: readonly Shot[] = [
  { name: 'timeline', title: 'Timeline, detail and bytes', keys: [['9G', /Timeline ─+ 9\//], ['\t', '┌─ Detail'], ['jjjj', '▾'], ['m', 'marked 1']] },
  { name: 'wide', title: 'On 200 columns: the connection beside the bytes', cols: 200, rows: 50, keys: [['9G', /Timeline ─+ 9\//]] },
  { name: 'small', title: 'On 80 columns', cols: 80, rows: 24, keys: [['7G', /Timeline ─+ 7\//]] },
  { name: 'filter', title: 'A filter with a mistake', keys: [['/', '⏎ apply'], ['apns.statu > 0', 'did you mean']] },
  { name: 'ladder', title: 'The flow of a token', keys: [['f', 'Flow: '], ['jj', /3\/\d+ {2}x/]] },
  { name: 'delivery', title: 'A push on its whole way', file: 'findings/delivery.pcap', rows: 24, keys: [['9G', /Timeline ─+ 9\//], ['f', 'Flow: token'], ['x', 'Flow: delivery']] },
  {
    name: 'replay',
    title: 'A replay to the emulator',
    args: ['-Y', 'apns.direction == c2s && tcp.stream == 0'],
    keys: [
      ['r', '11 shown'],
      ['j\r', '⏎ take over'],
      [`\x15127.0.0.1:${COURIER_PORT}\r`, `[127.0.0.1:${COURIER_PORT}]`],
      ['jjl', '‹ 2x ›'],
      ['jjjjjl', '‹ no ›'],
      ['r', /sent 11\/11 .* equal \d+/],
      ['\tg', '┌─ Results'],
    ],
  },
  {
    name: 'emulator',
    title: 'Watching an emulator',
    rows: 24,
    keys: [
      ['@', 'Emulator control address'],
      [`\x15http://127.0.0.1:${CONTROL_PORT}#picture\r`, 'attached'],
      ['', 'counts:'],
    ],
    meanwhile: replayOnce,
    until: 'device-offline',
  },
  { name: 'statistics', title: 'Statistics', keys: [['i', /Connect.*█/]] },
  { name: 'compare', title: 'Two messages compared', keys: [['7Gm', 'marked 1'], ['jj', /Timeline ─+ 9\//], ['d', /\d+ differ/]] },
  { name: 'columns', title: 'Choosing columns', keys: [['C', '[x] number']] },
  { name: 'help', title: 'Help, made from the key table', keys: [['?', 'Keys (? again']] },
];

/** Until nothing more is written: a picture of half a screen is none. */
async function still(t: TerminalRun): Promise<void> {
  for (let before = -1; before !== t.output.length; ) {
    before = t.output.length;
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
}

for (const { name, title, keys, cols = 120, rows = 36, file = COURIER, args = [], meanwhile, until } of SHOTS) {
  const t = await run([captureFile(file), ...args], { cols, rows, env: { XDG_STATE_HOME: state } });
  try {
    await t.until('▶');
    await t.until(/Timeline ─+ 1\//);
    for (const [send, wait] of keys) {
      t.send(send);
      await t.until(wait);
    }
    await meanwhile?.();
    if (until !== undefined) await t.until(until);
    await still(t);
    writeFileSync(new URL(`./${name}.svg`, import.meta.url), svg(t, cols, rows, `apns-inspect: ${title}`));
    process.stdout.write(`${name}.svg\n`);
  } finally {
    t.close();
  }
}
await emulator.stop();
rmSync(state, { recursive: true, force: true });
process.exit(0);
