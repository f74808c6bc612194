import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/core/bytes.ts';
import type { Field, Message, Privacy } from '../../src/core/message.ts';
import { Redactor } from '../../src/timeline/redact.ts';
import { SecretTexts } from '../../src/timeline/redact-text.ts';

const SEED = 20261121;
const TOKEN = Uint8Array.from({ length: 32 }, (_, i) => (i * 7 + 16) & 255);
const HEX = toHex(TOKEN);
const redactor = new Redactor((kind, value) => `${kind}-${value.length}`);

const field = (name: string, value: Field['value'], text: string, privacy?: Privacy, more: Partial<Field> = {}): Field => ({
  name,
  label: name,
  value,
  text,
  at: undefined,
  ...(privacy === undefined ? {} : { privacy }),
  ...more,
});

const message = (fields: readonly Field[], more: Partial<Message> = {}): Message => ({
  dialect: 'courier',
  command: 'message',
  label: 'Message',
  type: 10,
  dir: 0,
  fields,
  notes: [],
  info: '',
  ...more,
});

describe('the redacted message', () => {
  it('does not carry the contents and the token that the wire had', () => {
    const contents = [{ bytes: TOKEN, start: 5 }];
    const shown = redactor.message(message([field('token', TOKEN, HEX, 'token')], { contents, token: TOKEN }), []);
    expect(shown).not.toHaveProperty('contents');
    expect(shown).not.toHaveProperty('token');
    expect(JSON.stringify(shown)).not.toContain(HEX.slice(0, 8));
  });
  it('drops what is inside a secret field: payload and children', () => {
    const inside = field('alert', 'Lunch?', 'Lunch?', 'content');
    const shown = redactor.message(message([field('payload', TOKEN, '32 bytes', 'content', { payload: TOKEN, children: [inside] })]), []);
    expect(shown.fields[0]).toMatchObject({ value: '‹redacted 32 bytes›', text: '‹redacted 32 bytes›' });
    expect(shown.fields[0]).not.toHaveProperty('payload');
    expect(shown.fields[0]).not.toHaveProperty('children');
  });
  it('names one token the same in a field, in a path, in the info line and in a note', () => {
    const fields = [
      field('path', `/3/device/${HEX.toUpperCase()}`, `/3/device/${HEX.toUpperCase()}`, 'token'),
      field('token', TOKEN, HEX, 'token'),
      field('count', 3, `3 times ${HEX}`),
    ];
    const notes = [{ code: 'x', severity: 'warn' as const, start: 0, end: 1, detail: `token ${HEX.slice(0, 8)}…${HEX.slice(-8)} again` }];
    const shown = redactor.message(message(fields, { info: `to ${HEX}, 3 bytes`, notes }), []);
    expect(shown.fields.map((f) => f.text)).toEqual(['/3/device/token-64', 'token-64', '3 times token-64']);
    expect(shown.info).toBe('to token-64, 3 bytes');
    expect(shown.notes[0].detail).toBe('token token-64 again');
  });
  it('replaces the addresses of its connection wherever they stand, and keeps the names of Apple’s servers', () => {
    const fields = [field('authority', '10.0.0.1:443', '10.0.0.1:443', 'address'), field('host', 'api.push.apple.com', '', 'address')];
    const shown = redactor.message(message(fields, { info: 'redirected to 10.0.0.10, from 10.0.0.1' }), [
      '10.0.0.1:51234',
      '[2001:db8::1]:443',
    ]);
    expect(shown.fields.map((f) => f.value)).toEqual(['host-8:443', 'api.push.apple.com']);
    expect(shown.info).toBe('redirected to 10.0.0.10, from host-8');
  });
  it('says nothing of a credential, not even a name for it', () => {
    expect(redactor.message(message([field('authorization', 'bearer abc.def.ghi', '', 'credential')]), []).fields[0].text).toBe(
      '‹redacted›',
    );
  });
  it('takes secrets out of findings that are kept apart', () => {
    const notes = [{ code: 'x', severity: 'warn' as const, start: 0, end: 1, detail: `seen before: ${HEX}` }];
    expect(redactor.notes(notes, message([field('token', TOKEN, HEX, 'token')]), [])[0].detail).toBe('seen before: token-64');
  });
});

describe('texts', () => {
  it('keep a longer run of hex digits that holds a shorter value', () => {
    const secrets = new SecretTexts();
    secrets.addHex('deadbeef', 'NAME');
    expect(secrets.replace('deadbeef 00deadbeef deadbeef00 (deadbeef) DEADBEEF')).toBe('NAME 00deadbeef deadbeef00 (NAME) NAME');
  });
  it('lose a value that a line shows cut', () => {
    const secrets = new SecretTexts();
    secrets.add('/3/device/aabbccddeeff00112233', 'NAME');
    expect(secrets.replace('POST /3/device/aabbccdd…, 300 bytes')).toBe('POST NAME, 300 bytes');
    expect(secrets.replace('GET /other/aabb…')).toBe('GET /other/aabb…');
  });
  it('keep sizes, which are no secret even when the schema says so of their field', () => {
    const secrets = new SecretTexts();
    secrets.add('36 bytes', 'NAME');
    expect(secrets.replace('36 bytes')).toBe('36 bytes');
  });
  it('never hold a whole value afterwards, whatever stands around it', () => {
    const words = fc.stringMatching(/^[0-9a-f]{8,20}$/);
    const joint = fc.constantFrom(' ', '/', ', ', '(', ')', '…', '"', ':');
    fc.assert(
      fc.property(words, fc.array(fc.tuple(fc.oneof(fc.string(), words), joint), { maxLength: 6 }), (secret, parts) => {
        const secrets = new SecretTexts();
        secrets.addHex(secret, '#');
        const text = parts.map(([a, b]) => `${a}${b}`).join('');
        const out = secrets.replace(`${text} ${secret} ${text}`);
        expect(new RegExp(`(?<![\\p{L}\\p{N}])${secret}(?![\\p{L}\\p{N}])`, 'u').test(out)).toBe(false);
      }),
      { seed: SEED, numRuns: 100 },
    );
  });
});
