import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Glance } from '../../src/core/glance.ts';
import { TLS_ENTRY } from '../../src/schema/tls.ts';
import { decodeTls } from '../../src/tls/decode.ts';
import { glanceTls } from '../../src/tls/glance.ts';
import { packFacts } from '../../src/tls/row.ts';

const facts = fc.record({
  command: fc.oneof(fc.constantFrom(TLS_ENTRY.applicationData, TLS_ENTRY.encryptedHandshake), fc.nat({ max: 255 })),
  reason: fc.nat({ max: 30 }),
  version: fc.constantFrom(0x0301, 0x0303, 0x0304),
  suite: fc.constantFrom(-1, 0x1301, 0x002f, 0xeeee),
  plain: fc.constant(false),
  early: fc.boolean(),
  records: fc.integer({ min: 1, max: 70 }),
  bytes: fc.nat({ max: 2_000_000 }),
});

describe('what a list shows of records that stay encrypted', () => {
  it('is what their whole row says, whatever they hold', () => {
    const glance = new Glance();
    let glanced = 0;
    fc.assert(
      fc.property(facts, fc.uint8Array({ maxLength: 40 }), (known, bytes) => {
        glance.clear();
        const aux = packFacts(known);
        if (!glanceTls(aux, glance)) return;
        glanced++;
        const message = decodeTls(bytes, 0, aux);
        expect(glance.label).toBe(message.label);
        expect(Buffer.from(glance.info.view()).toString()).toBe(message.info);
        expect(glance.notes.map(({ code, detail }) => [code, detail])).toEqual(message.notes.map(({ code, detail }) => [code, detail]));
      }),
      { seed: 20261121, numRuns: 400 },
    );
    expect(glanced).toBeGreaterThan(100);
  });

  it('is not told of rows whose message was decrypted', () => {
    const aux = packFacts(
      { command: TLS_ENTRY.applicationData, reason: 0, version: 0x0304, suite: 0x1301, plain: true, early: false, records: 1, bytes: 3 },
      Uint8Array.of(1, 2, 3),
    );
    expect(glanceTls(aux, new Glance())).toBe(false);
  });
});
