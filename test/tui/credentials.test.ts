import { beforeAll, expect, test } from 'vitest';
import { toHex } from '../../src/core/bytes.ts';
import { draw } from '../../src/tui/draw.ts';
import { details } from '../../src/tui/export-job.ts';
import { reduce } from '../../src/tui/reduce.ts';
import type { Source } from '../../src/tui/source.ts';
import type { State } from '../../src/tui/state.ts';
import { credentialRanges } from '../../src/view/hex.ts';
import { loaded, press, sourceOf, type } from '../support/tui.ts';

/** A push with a provider token. */
const ROW = 5;
let hidden: Source;
let shown: Source;
/** Hex of the first bytes of the credential. */
let secret: string;

beforeAll(async () => {
  hidden = await sourceOf('findings/http2.pcap');
  shown = { ...hidden, showSecrets: true };
  const [range] = credentialRanges(hidden.timeline.message(ROW).fields);
  secret = toHex(hidden.timeline.bytes(ROW).bytes.subarray(range.start, range.start + 6));
});

const at = (source: Source): State => press(type(press(loaded(source, 200, 60), 'C-g'), String(ROW + 1)), 'enter');
const copied = (state: State, what: string): string => {
  const menu = press(state, 'y').menu;
  const item = menu?.items.findIndex((i) => i.value === what) ?? -1;
  expect(item).toBeGreaterThanOrEqual(0);
  const done = reduce(
    { ...press(state, 'y'), menu: { ...(menu as NonNullable<typeof menu>), cursor: item } },
    { type: 'key', key: 'enter', char: undefined },
  );
  return done.effects.flatMap((e) => (e.type === 'copy' ? [e.text] : [])).join('');
};
const packed = (text: string): string => text.replace(/ /g, '');

test('the bytes pane masks credentials, and shows them with --show-secrets', () => {
  const lines = (source: Source): string =>
    packed(
      draw(press(at(source), 'tab', 'tab'))
        .lines()
        .join('\n'),
    );
  expect(lines(hidden)).toContain('********');
  expect(lines(hidden)).not.toContain(secret.slice(0, 8));
  expect(lines(shown)).toContain(secret.slice(0, 8));
});

test.each(['hex', 'dump'])('copied as %s, credentials are masked', (what) => {
  expect(packed(copied(at(hidden), what))).toContain('********');
  expect(packed(copied(at(hidden), what))).not.toContain(secret);
  expect(packed(copied(at(shown), what))).toContain(secret);
});

test('written with details, credentials are masked', () => {
  const text = (source: Source): string => packed([...details(source, ROW)].join('\n'));
  expect(text(hidden)).not.toContain(secret);
  expect(text(shown)).toContain(secret);
});

test('the filter term of a hidden field asks whether it is there, not for its value', () => {
  let state = press(at(hidden), 'tab');
  for (let i = 0; i < 80 && !(state.treePath.endsWith('/authorization') || state.treePath.endsWith('/Authorization')); i++)
    state = press(state, 'j');
  expect(state.treePath).toMatch(/authorization$/i);
  expect(press(state, '=').prompt?.text).toBe('http2.header.authorization');
});
