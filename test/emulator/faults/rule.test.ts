import { describe, expect, it } from 'vitest';
import { EmulatorClock } from '../../../src/emulator/clock.ts';
import { Events } from '../../../src/emulator/event.ts';
import { type Facts, FaultEngine } from '../../../src/emulator/faults/engine.ts';
import { ACTION_KEYS, durationOf, parseRule, parseRules, rulesSchema, WHEN_KEYS } from '../../../src/emulator/faults/rule.ts';
import { SeededRandom } from '../../../src/emulator/random.ts';

function engine(seed = 1): { engine: FaultEngine; clock: EmulatorClock } {
  const clock = new EmulatorClock(() => 0);
  clock.freeze();
  return { engine: new FaultEngine(clock, new SeededRandom(seed), new Events()), clock };
}

const push = (more: Partial<Facts> = {}): Facts => ({
  server: 'http2',
  on: 'message',
  connection: 1,
  token: 'abcd',
  topic: 'com.example.app',
  path: '/3/device/abcd',
  command: 'push',
  ...more,
});

describe('reading rules', () => {
  it('takes a list, or an object with rules, with times as words', () => {
    const rules = parseRules(
      '{"rules":[{"name":"slow","when":{"token":"ab*","from":"2s"},"times":3,"do":{"delay":"200ms","goaway":"Shutdown","timestamp":"2026-11-21T12:00:00Z"}}]}',
      'rules.json',
    );
    expect(rules).toEqual([
      {
        name: 'slow',
        when: { token: 'ab*', from: 2000 },
        times: 3,
        do: { delay: 200, goaway: { reason: 'Shutdown' }, timestamp: Date.UTC(2026, 10, 21, 12) },
      },
    ]);
  });

  it('takes the short form, in which the key tells where a value belongs', () => {
    expect(parseRule('token=ab*,every=10,reason=Unregistered,jitter=50ms,drop,times=2')).toEqual({
      when: { token: 'ab*', every: 10 },
      do: { reason: 'Unregistered', jitter: 50, drop: true },
      times: 2,
    });
    expect(parseRule('{"do":{"status":8}}')).toEqual({ when: {}, do: { status: 8 } });
  });

  const BAD: readonly [string, RegExp][] = [
    ['{', /not JSON/],
    ['3', /list of rules/],
    ['[{"do":{}}]', /rule 1 does nothing/],
    ['[{"do":{"stauts":8}}]', /no key "stauts"; there are status, reason/],
    ['[{"when":{"server":"apns"},"do":{"drop":true}}]', /server must be one of courier, gateway/],
    ['[{"do":{"delay":"soon"}}]', /delay must be a time such as/],
    ['[{"do":{"status":-1}}]', /whole number/],
    ['[{"when":{"probability":2},"do":{"drop":true}}]', /from 0 to 1/],
    ['[{"if":{},"do":{"drop":true}}]', /no key "if"/],
    ['[{"do":{"goaway":{"why":"x"}}}]', /no key "why"/],
    ['[{"when":{"nth":0},"do":{"drop":true}}]', /nth must be a whole number, 1 or more/],
    ['[{"when":{"on":"time"},"do":{"drop":true}}]', /a rule of time does one of goaway, shutdown/],
    ['[{"do":{"reason":"ServiceUnavailabel"}}]', /Apple has no "ServiceUnavailabel"/],
  ];
  for (const [text, message] of BAD) {
    it(`says what is wrong with ${text}`, () => expect(() => parseRules(text, 'rules.json')).toThrow(message));
  }
  it('says what is wrong with a short form', () => expect(() => parseRule('tokn=ab,drop')).toThrow(/no key "tokn"/));

  it('knows the units of time', () => {
    expect(['5', '5ms', '1.5s', '2m', '1h', '-3s', 'x', '5 parsecs'].map(durationOf)).toEqual([
      5,
      5,
      1500,
      120_000,
      3_600_000,
      -3000,
      undefined,
      undefined,
    ]);
  });

  it('describes every key in the JSON schema', () => {
    const text = JSON.stringify(rulesSchema());
    for (const key of [...Object.keys(WHEN_KEYS), ...Object.keys(ACTION_KEYS)]) expect(text).toContain(`"${key}"`);
  });
});

describe('matching', () => {
  it('takes the first rule that fits, and none where nothing fits', () => {
    const { engine: e } = engine();
    e.add({ when: { token: 'ff*' }, do: { status: 1 } });
    e.add({ when: { token: 'AB*', topic: 'com.*.app', path: '/3/*', command: 'push', server: 'http2' }, do: { status: 2 } });
    expect(e.match(push())).toEqual({ status: 2 });
    expect(e.match(push({ token: 'ff00' }))).toEqual({ status: 1 });
    expect(e.match(push({ token: undefined }))).toBeUndefined();
    expect(e.match(push({ server: 'gateway' }))).toBeUndefined();
    expect(e.match(push({ on: 'connect' }))).toBeUndefined();
  });

  it('counts matches over the run or by connection, and stops after its times', () => {
    const { engine: e } = engine();
    const acts = (when: object, times?: number): string => {
      e.clear();
      e.add({ when, do: { drop: true }, ...(times === undefined ? {} : { times }) });
      return Array.from({ length: 8 }, (_, i) => (e.match(push({ connection: i % 2 })) ? 'x' : '.')).join('');
    };
    expect(acts({ nth: 3 })).toBe('..x.....');
    expect(acts({ every: 3 })).toBe('..x..x..');
    expect(acts({ after: 5 })).toBe('.....xxx');
    expect(acts({ nth: 2, per: 'connection' })).toBe('..xx....');
    expect(acts({}, 2)).toBe('xx......');
  });

  it('holds only in its time', () => {
    const { engine: e, clock } = engine();
    e.add({ when: { from: 1000, until: 2000 }, do: { drop: true } });
    const acts = [500, 500, 500, 500].map((ms) => {
      clock.advance(ms);
      return e.match(push()) !== undefined;
    });
    expect(acts).toEqual([false, true, true, false]);
  });

  it('draws chances and jitter from the seed', () => {
    const run = (seed: number): string => {
      const { engine: e } = engine(seed);
      e.add({ when: { probability: 0.5 }, do: { drop: true } });
      return Array.from({ length: 32 }, () => (e.match(push()) ? 'x' : '.')).join('') + e.delayOf({ delay: 10, jitter: 100 });
    };
    expect(run(5)).toBe(run(5));
    expect(run(5)).not.toBe(run(6));
  });

  it('moves the clock by its skew', () => {
    const { engine: e, clock } = engine();
    e.add({ when: {}, times: 1, do: { skew: 60_000 } });
    e.match(push());
    e.match(push());
    expect(clock.now()).toBe(60_000);
  });

  it('acts by time alone, once or again and again', () => {
    const { engine: e, clock } = engine();
    const acted: number[] = [];
    e.onTime = () => acted.push(clock.now());
    e.add({ when: { on: 'time', from: 1000 }, do: { goaway: {} } });
    e.add({ when: { on: 'time', from: 500, every: 2, until: 5000 }, do: { shutdown: true } });
    for (let i = 0; i < 20; i++) clock.advance(500);
    expect(acted).toEqual([500, 1000, 2500, 4500]);
  });

  it('lists, counts and removes', () => {
    const { engine: e } = engine();
    const id = e.add({ name: 'first', when: { nth: 2 }, do: { drop: true } });
    e.match(push());
    e.match(push());
    expect(e.list()).toMatchObject([{ id, matched: 2, acted: 1, rule: { name: 'first' } }]);
    expect(e.remove(id)).toBe(true);
    expect(e.remove(id)).toBe(false);
    expect(e.match(push())).toBeUndefined();
  });
});
