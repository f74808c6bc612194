import { describe, expect, it } from 'vitest';
import { NOTES } from '../../src/schema/notes.ts';
import { REASONS } from '../../src/schema/reasons.ts';
import { allFields } from '../../src/schema/registry.ts';
import { explain, suggestion } from '../../src/view/knowledge.ts';

const kinds = (code: string): string[] => explain(code).map((m) => m.kind);

describe('explain', () => {
  it('lists every meaning of an ambiguous code', () => {
    expect(kinds('8')).toEqual(expect.arrayContaining(['gateway status', 'HTTP/2 error code']));
    expect(kinds('10')).toEqual(expect.arrayContaining(['gateway status', 'TLS alert', 'courier command']));
  });

  it('narrows by a word before the code', () => {
    expect(new Set(kinds('gateway 8'))).toEqual(new Set(['gateway status', 'gateway command']));
    expect(explain('tls 40').map((m) => m.title)).toEqual(['40 handshake_failure']);
    expect(explain('http 410')[0].title).toBe('410 Gone');
    expect(explain('courier 0a')[0].title).toBe('0a Message');
  });

  it('says what to do about a refused token', () => {
    const [meaning] = explain('gateway 8');
    const lines = Object.fromEntries(meaning.lines);
    expect(meaning.title).toBe('8: invalid token');
    expect(lines['advice']).toContain('Remove the token');
    expect(lines['then']).toContain('thrown away');
  });

  it('knows every reason, note and field by its name', () => {
    for (const { reason } of REASONS) expect(kinds(reason), reason).toContain('reason');
    for (const code of Object.keys(NOTES))
      expect(
        explain(code).map((m) => m.title),
        code,
      ).toContain(code);
    for (const { filter } of allFields())
      expect(
        explain(filter).map((m) => m.title),
        filter,
      ).toContain(filter);
  });

  it('reads codes without regard to case and to how words are joined', () => {
    expect(explain('baddevicetoken')[0].title).toBe('BadDeviceToken');
    expect(explain('handshake failure')[0].title).toBe('40 handshake_failure');
    expect(explain('MAX_CONCURRENT_STREAMS')[0].kind).toBe('HTTP/2 setting');
    expect(explain('0x0a').map((m) => m.title)).toContain('0a Message');
  });

  it('knows topics by name and by hash, and the hash of any other', () => {
    expect(explain('e4e6d952954168d0a5db02dbaf27cc35fc18d159')[0].title).toBe('com.apple.madrid');
    expect(explain('com.apple.madrid')[0].lines[0]).toEqual(['SHA-1', 'e4e6d952954168d0a5db02dbaf27cc35fc18d159']);
    expect(explain('com.example.chat')[0].lines[0][1]).toMatch(/^[0-9a-f]{40}$/);
  });

  it('finds nothing for nonsense and offers what is near', () => {
    expect(explain('BadDeviceTokn')).toEqual([]);
    expect(suggestion('BadDeviceTokn')).toBe('BadDeviceToken');
    expect(suggestion('session.discardd')).toBe('session.discarded');
    expect(suggestion('qqqqqqqqqq')).toBeUndefined();
  });
});
