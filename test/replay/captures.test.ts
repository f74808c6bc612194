import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gateway } from '../../src/codec/gateway.ts';
import { type Emulator, type Rule, signProviderToken } from '../../src/emulator/index.ts';
import { notificationOf } from '../../src/replay/notification.ts';
import { readOutgoing } from '../../src/replay/outgoing.ts';
import { recordedAnswer, wasTaken } from '../../src/replay/recorded.ts';
import type { Timeline } from '../../src/timeline/timeline.ts';
import { emulator, load, replay } from '../support/replay-lab.ts';

/** What a replay of a capture gives, by dialect: how many messages are equal, and which differ, with the reason. */
interface Expected {
  readonly equal: number;
  /** Message number and outcome. */
  readonly findings?: readonly (readonly [number, string])[];
  readonly why?: string;
  /** Faults that the recorded server had as well. */
  readonly rules?: readonly Rule[];
}

const refuses = (...nths: number[]): Rule[] => nths.map((nth) => ({ when: { server: 'gateway', nth }, do: { status: 8 } }));
/** The session in every format of decrypted streams: the second of two pushes is refused. */
const FORMAT: Readonly<Record<string, Expected>> = { gateway: { equal: 2, rules: refuses(2) } };
/** The conversation in every link type. */
const LINK: Readonly<Record<string, Expected>> = { courier: { equal: 2 } };

const TABLE: Readonly<Record<string, Readonly<Record<string, Expected>>>> = {
  'apn-gateway/apn-plain.pcap': { gateway: { equal: 5 } },
  'apn-gateway/apn-tls.pcap': { gateway: { equal: 5 } },
  'broken/broken.pcap': { courier: { equal: 10 } },
  'courier-session/courier-session.pcap': {
    courier: {
      equal: 17,
      findings: [[19, 'different'], ...[22, 24, 26, 32, 38, 46, 49].map((number) => [number, 'missing'] as const)],
      why: 'its second connection lists every command behind a goodbye: no server answers that',
    },
  },
  'delivery/delivery.pcapng': { courier: { equal: 5 }, 'courier-packed': { equal: 5 }, 'courier-ios4': { equal: 3 }, http2: { equal: 5 } },
  'findings/channels.pcap': { http2: { equal: 3 } },
  'findings/connections.pcap': { gateway: { equal: 24 } },
  'findings/delivery.pcap': { courier: { equal: 4 }, http2: { equal: 2 } },
  'findings/device.pcap': {
    courier: {
      equal: 23,
      findings: [
        [28, 'different'],
        [41, 'unexpected'],
        [48, 'unexpected'],
      ],
      why: 'a Connect with a bad nonce is signed anew and good now; two questions have no answer in the capture',
    },
  },
  'findings/gateway.pcap': {
    gateway: {
      equal: 17,
      findings: [
        [2, 'different'],
        [3, 'different'],
        [6, 'different'],
        [10, 'different'],
        [12, 'different'],
      ],
      why: 'the recorded gateway was wrong on purpose: it refused good tokens and took a payload that is too long',
    },
    feedback: { equal: 1 },
  },
  'findings/healthy.pcap': { courier: { equal: 8 }, http2: { equal: 3 }, gateway: { equal: 3 } },
  'findings/http2.pcap': {
    http2: {
      equal: 7,
      findings: [
        [17, 'unexpected'],
        [20, 'unexpected'],
        [26, 'different'],
        [28, 'different'],
        [30, 'different'],
        [34, 'unexpected'],
      ],
      why: 'bad provider tokens are signed anew and good now; three requests have no answer in the capture',
    },
  },
  'packed-session/packed-session.pcap': { 'courier-packed': { equal: 23 } },
  'formats/c2s.bin': { gateway: { equal: 2 } },
  'formats/s2c.bin': {},
};
/** Holds nothing that can be decoded; opening it says so. */
const UNREADABLE: ReadonlySet<string> = new Set(['formats/follow-ascii.txt']);

function captures(): string[] {
  const found: string[] = [];
  for (const folder of readdirSync('captures')) {
    if (!statSync(join('captures', folder)).isDirectory()) continue;
    for (const name of readdirSync(join('captures', folder)))
      if (name !== 'expected' && !/\.(?:ts|md|keys|sh)$/.test(name)) found.push(`${folder}/${name}`);
  }
  return found.filter((name) => !UNREADABLE.has(name));
}

let target: Emulator;
beforeAll(async () => {
  target = await emulator({ gateway: { defaultTopic: 'com.example.app' }, clientCertificates: 'none', courier: { verify: 'off' } });
});
afterAll(() => target.stop());

/** The state that the recorded servers were in: the tokens that they took, and those that they called dead. */
function prepare(timeline: Timeline, rows: readonly number[]): void {
  for (const row of rows) {
    const out = readOutgoing(timeline, row);
    const token = typeof out === 'string' ? undefined : notificationOf(out).token;
    if (token === undefined || !/^(?:[0-9a-f]{2}){1,100}$/.test(token)) continue;
    const answer = recordedAnswer(timeline, row);
    const gone = answer?.['status'] === '410';
    if ((wasTaken(timeline, row) || gone) && target.token(token) === undefined) target.addDevice({ token });
    if (gone) target.setTokenState(token, 'unregistered', Number(answer['timestamp']));
  }
}

/** The service lists a token that is gone once a push to it was tried. */
async function report(token: string): Promise<void> {
  target.addDevice({ token });
  target.setTokenState(token, 'unregistered');
  const socket = connect({ port: target.ports.gateway as number, host: '127.0.0.1', ca: target.lab.authority.certificate });
  socket.on('error', () => {});
  socket.resume();
  const fields = { token, payload: new TextEncoder().encode('{"aps":{}}'), identifier: 1, expiry: 0, priority: 10 };
  socket.write(gateway.encode('notification', fields, 0));
  await target.waitFor({ server: 'gateway', token });
  socket.destroy();
  expect(target.feedback()).toHaveLength(1);
}

const ports: Readonly<Record<string, 'courier' | 'gateway' | 'feedback' | 'http2'>> = {
  courier: 'courier',
  'courier-packed': 'courier',
  'courier-ios4': 'courier',
  gateway: 'gateway',
  feedback: 'feedback',
  http2: 'http2',
};

describe('replaying the captures of this repository', () => {
  for (const name of captures()) {
    it(`replays ${name} as its line of the table says`, async () => {
      const keys = `captures/${name.replace(/\.pcap$/, '.keys')}`;
      const reading = await load(`captures/${name}`, existsSync(keys) && keys.endsWith('.keys') ? [keys] : []);
      try {
        const { timeline } = reading;
        const byDialect = new Map<string, number[]>();
        for (let row = 0; row < timeline.length; row++) {
          const dialect = timeline.dialect(row);
          if (dialect !== 'tls' && dialect !== 'capture') byDialect.set(dialect, [...(byDialect.get(dialect) ?? []), row]);
        }
        const expected = TABLE[name] ?? (name.startsWith('formats/') ? FORMAT : name.startsWith('links/') ? LINK : {});
        const seen: Record<string, unknown> = {};
        for (const [dialect, rows] of byDialect) {
          if (Object.keys(expected).length === 0) {
            await expect(replay(reading, { port: 1, rows })).rejects.toThrow('the selection holds nothing that can be sent');
            continue;
          }
          target.reset();
          prepare(timeline, rows);
          for (const rule of expected[dialect]?.rules ?? []) target.addRule(rule);
          if (dialect === 'feedback') for (const row of rows) await report(recordedAnswer(timeline, row)?.['token'] ?? '');
          const { key, keyId, teamId } = target.signingKey;
          const bearer = `bearer ${signProviderToken(key, keyId, teamId, Math.floor(Date.now() / 1000))}`;
          const { ledger } = await replay(reading, {
            port: target.ports[ports[dialect]] as number,
            rows,
            ca: target.lab.authority.certificate,
            rewrite: dialect === 'http2' ? { authorization: () => bearer } : {},
            peer: { identity: await target.lab.device('phone') },
          });
          const findings = ledger.findings.map(({ row, outcome }) => [row + 1, outcome]).sort(([a], [b]) => Number(a) - Number(b));
          seen[dialect] = { equal: ledger.counts.equal, findings };
          expect(ledger.planned).toBe(ledger.counts.equal + findings.length);
        }
        expect(seen).toEqual(
          Object.fromEntries(Object.entries(expected).map(([dialect, { equal, findings = [] }]) => [dialect, { equal, findings }])),
        );
      } finally {
        reading.close();
      }
    });
  }

  it('replays every dialect clean in at least one capture', () => {
    const clean = Object.values(TABLE).flatMap((lines) =>
      Object.entries(lines).flatMap(([dialect, { why }]) => (why === undefined ? [dialect] : [])),
    );
    expect(new Set(clean)).toEqual(new Set(Object.keys(ports)));
  });
});
