import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/bytes.ts';
import { speechFor } from '../../../src/emulator/courier/speech.ts';
import { hex, topic } from '../../support/courier-play.ts';

describe('what the courier hears', () => {
  const keepAlive = hex('0c00000000');

  it('ends at a frame that its fields do not fill, and nothing of that frame or behind it counts', () => {
    const speech = speechFor('apns-security-v3', 7, 'server');
    const heard = speech.hear(concatBytes([keepAlive, hex('0900000005020014abcd'), keepAlive]));
    expect(heard.map(({ command }) => command)).toEqual(['keep_alive']);
    expect(speech.broken).toBe('a frame whose fields do not fill it');
    expect(speech.hear(keepAlive)).toEqual([]);
  });

  it('is the same byte by byte', () => {
    const filter = concatBytes([hex('0900000017020014'), topic('com.example.app')]);
    const speech = speechFor(undefined, 7, 'server');
    const heard = [...concatBytes([filter, keepAlive])].flatMap((byte) => speech.hear(Uint8Array.of(byte)));
    expect(heard).toEqual([
      { command: 'filter', fields: { enabled: [topic('com.example.app')] } },
      { command: 'keep_alive', fields: {} },
    ]);
    expect(speech.broken).toBeUndefined();
  });
});
