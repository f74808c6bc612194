import { describe, expect, it } from 'vitest';
import { SEVERITIES } from '../../src/core/note.ts';
import { NOTES, note, noteDef } from '../../src/schema/notes.ts';

describe('the notes', () => {
  it('have a code of area and words, a severity, a sentence and an advice', () => {
    for (const [code, def] of Object.entries(NOTES)) {
      expect(code).toMatch(/^(capture|format|tcp|tls|frame|field|payload|packed|http2|jwt|session)\.[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(SEVERITIES).toContain(def.severity);
      expect(def.sentence, code).toMatch(/\.$/);
      expect(def.advice, code).toMatch(/[.?]$/);
    }
  });

  it('are made with place and detail', () => {
    expect(note('field.width', 3, 5, '2 bytes, expected 4')).toEqual({
      code: 'field.width',
      severity: 'warn',
      start: 3,
      end: 5,
      detail: '2 bytes, expected 4',
    });
    expect(note('field.width', 0, 1)).not.toHaveProperty('detail');
  });

  it('are found by codes from outside, and nothing else is', () => {
    expect(noteDef('frame.overrun')?.severity).toBe('error');
    expect(noteDef('toString')).toBeUndefined();
  });
});
