import { toHex } from '../core/bytes.ts';
import { sha1 } from '../core/sha1.ts';
import { utf8Bytes } from '../core/text.ts';
import { type CommandDef, idIn, typeText } from '../schema/definition.ts';
import { ERROR_CODES, FRAME_TYPES, HTTP2_ROWS, SETTINGS } from '../schema/http2.ts';
import { HEADERS, PUSH_TYPES } from '../schema/http2-headers.ts';
import type { NoteDef } from '../schema/notes/definition.ts';
import { NOTES } from '../schema/notes.ts';
import { REASONS, RETRY_WORDS, STATUS_WORDS } from '../schema/reasons.ts';
import { allFields, TABLES } from '../schema/registry.ts';
import { SOURCES } from '../schema/sources.ts';
import { ALERTS } from '../schema/tls.ts';
import { publishedTopics } from '../schema/topics.ts';
import { nearest } from '../timeline/filter/error.ts';

/** One thing that a code can stand for. */
export interface Meaning {
  /** What kind of thing: "gateway status", "reason", "finding". */
  readonly kind: string;
  /** The code as it is written properly. */
  readonly title: string;
  /** What is known, as label and text. */
  readonly lines: readonly (readonly [label: string, text: string])[];
}

/** A meaning and the words that find it. Words are compared in lower case with single dashes. */
interface Entry {
  readonly keys: readonly string[];
  /** Words that narrow the search when they stand before the code: "gateway 8". */
  readonly areas: readonly string[];
  readonly meaning: () => Meaning;
}

const normal = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, '-');

const CONFIDENCE: Readonly<Record<string, string>> = {
  A: 'read in Apple’s own client, or shown by running code',
  B: 'two implementations agree',
  C: 'one source',
  D: 'a guess',
};

const sourceText = (source: string): string =>
  source
    .split(/,\s*/)
    .map((name) => (SOURCES[name] === undefined ? name : `${name} (${SOURCES[name]})`))
    .join('; ');

/** "0a" for a command. */
const hexByte = (id: number): string => id.toString(16).padStart(2, '0');

const DIRECTIONS = { c2s: 'client to server', s2c: 'server to client', both: 'both ways' } as const;

function statuses(): Entry[] {
  const out: Entry[] = [];
  for (const { dialects, table } of TABLES) {
    for (const [command, def] of Object.entries(table)) {
      for (const [name, field] of Object.entries(def.fields)) {
        if (field.role !== 'status') continue;
        for (const [value, words] of Object.entries(field.names ?? {})) {
          out.push({
            keys: [value, normal(words)],
            areas: [...dialects, command, 'status'],
            meaning: () => ({
              kind: `${dialects[0]} status`,
              title: `${value}: ${words}`,
              lines: [
                ['in', `${def.label} (${dialects.join(', ')}), field ${name}`],
                ['about', field.doc],
                ...(dialects[0] === 'gateway' ? [['then', def.doc] as const, ...gatewayAdvice(Number(value))] : []),
                ['filter', `apns.${def.space ?? command}.${name} == ${value}`],
                ['source', `${sourceText(field.source)}; ${CONFIDENCE[field.confidence]}`],
              ],
            }),
          });
        }
      }
    }
  }
  for (const [value, words] of Object.entries(STATUS_WORDS)) {
    const reasons = REASONS.filter((r) => r.status === Number(value));
    out.push({
      keys: [value, normal(words)],
      areas: ['http', 'http2', 'status'],
      meaning: () => ({
        kind: 'HTTP status',
        title: `${value} ${words}`,
        lines: [
          ...(reasons.length === 0 ? [] : [['reasons', reasons.map((r) => r.reason).join(', ')] as const]),
          ['filter', `http2.status == ${value}`],
          ['source', 'RFC 9110, 15; Apple: Handling notification responses from APNs'],
        ],
      }),
    });
  }
  return out;
}

/** What a provider does about an error packet. */
const GATEWAY_ADVICE: Readonly<Record<number, string>> = {
  1: 'Send again later.',
  7: 'Make the payload shorter: 2,048 bytes at most.',
  8: 'Remove the token, or send to the gateway of its environment. Send everything after the named notification again on a new connection.',
  10: 'The named notification went through. Connect again and send everything after it.',
  128: 'The gateway could not parse the bytes; check lengths and item order.',
};

function gatewayAdvice(status: number): [string, string][] {
  const advice = GATEWAY_ADVICE[status];
  return advice === undefined ? [] : [['advice', advice]];
}

function reasons(): Entry[] {
  return REASONS.map((r) => ({
    keys: [normal(r.reason)],
    areas: ['reason', 'http', 'http2'],
    meaning: () => ({
      kind: 'reason',
      title: r.reason,
      lines: [
        ['status', `${r.status} ${STATUS_WORDS[r.status] ?? ''}`.trim()],
        ['means', r.explanation],
        ['advice', r.advice],
        ['retry', RETRY_WORDS[r.retry]],
        ...(r.undocumented === true
          ? [['note', r.alias === undefined ? 'in no document of Apple’s' : `documented as ${r.alias}`] as const]
          : []),
        ['filter', `apns.reason == "${r.reason}"`],
        ['source', r.source],
      ],
    }),
  }));
}

function notes(): Entry[] {
  return Object.entries<NoteDef>(NOTES).map(([code, def]) => ({
    keys: [normal(code), normal(code.slice(code.indexOf('.') + 1))],
    areas: ['note', 'finding', code.slice(0, code.indexOf('.'))],
    meaning: () => ({
      kind: code.startsWith('session.') ? 'finding' : 'note',
      title: code,
      lines: [
        ['severity', def.severity],
        ['means', def.sentence],
        ['advice', def.advice],
        ['filter', `apns.note == "${code}"`],
      ],
    }),
  }));
}

function fieldsOf(def: CommandDef): string {
  return Object.entries(def.fields)
    .map(([name, field]) => `${idIn(field, 0) ?? idIn(field, 1)} ${name} (${typeText(field.type)})`)
    .join(', ');
}

function commands(): Entry[] {
  const out: Entry[] = [];
  for (const { dialects, table } of TABLES) {
    for (const [name, def] of Object.entries(table)) {
      out.push({
        keys: [hexByte(def.id), def.id.toString(16), `0x${hexByte(def.id)}`, normal(name), normal(def.label)],
        areas: [...dialects, 'command', 'message'],
        meaning: () => ({
          kind: `${dialects[0]} command`,
          title: `${hexByte(def.id)} ${def.label}`,
          lines: [
            ['direction', DIRECTIONS[def.direction]],
            ['means', def.doc],
            ['fields', fieldsOf(def)],
            ['filter', `apns.command == "${name}"`],
            ['source', `${sourceText(def.source)}; ${CONFIDENCE[def.confidence]}`],
          ],
        }),
      });
    }
  }
  for (const def of Object.values(HTTP2_ROWS)) {
    out.push({
      keys: [normal(def.name), normal(def.label)],
      areas: ['http2', 'command', 'message'],
      meaning: () => ({
        kind: 'HTTP/2 message',
        title: def.label,
        lines: [
          ['means', def.doc],
          ['filter', `apns.command == "${def.name}"`],
        ],
      }),
    });
  }
  for (const def of FRAME_TYPES) {
    out.push({
      keys: [normal(def.name), `0x${hexByte(def.code)}`, String(def.code)],
      areas: ['http2', 'frame'],
      meaning: () => ({
        kind: 'HTTP/2 frame',
        title: `${def.name} (${def.code})`,
        lines: [
          ['means', def.doc],
          ['source', def.source],
        ],
      }),
    });
  }
  return out;
}

function numbers(): Entry[] {
  const out: Entry[] = [];
  for (const [code, [name, words]] of Object.entries(ALERTS)) {
    out.push({
      keys: [code, normal(name)],
      areas: ['tls', 'alert'],
      meaning: () => ({
        kind: 'TLS alert',
        title: `${code} ${name}`,
        lines: [
          ['means', words],
          ['filter', `tls.alert_message.desc == ${code}`],
          ['source', 'IANA registry of TLS alerts; RFC 8446, 6'],
        ],
      }),
    });
  }
  for (const def of ERROR_CODES) {
    out.push({
      keys: [String(def.code), `0x${def.code.toString(16)}`, normal(def.name)],
      areas: ['http2', 'error'],
      meaning: () => ({
        kind: 'HTTP/2 error code',
        title: `${def.code} ${def.name}`,
        lines: [
          ['means', def.doc],
          ['filter', `http2.error == ${def.code}`],
          ['source', 'RFC 9113, 7'],
        ],
      }),
    });
  }
  for (const def of SETTINGS) {
    out.push({
      keys: [normal(def.name), normal(def.key)],
      areas: ['http2', 'setting'],
      meaning: () => ({
        kind: 'HTTP/2 setting',
        title: `${def.id} ${def.name}`,
        lines: [
          ['means', def.doc],
          ['filter', `http2.settings.${def.key}`],
        ],
      }),
    });
  }
  return out;
}

function fields(): Entry[] {
  return allFields().map((f) => ({
    keys: [normal(f.filter), normal(f.filter.slice(f.filter.lastIndexOf('.') + 1))],
    areas: ['field', ...f.dialects],
    meaning: () => ({
      kind: 'field',
      title: f.filter,
      lines: [
        ['label', f.label],
        ['type', f.type],
        ['means', f.doc],
        ...(f.names === undefined
          ? []
          : [
              [
                'values',
                Object.entries(f.names)
                  .map(([n, words]) => `${n} ${words}`)
                  .join(', '),
              ] as const,
            ]),
        ...(f.flags === undefined
          ? []
          : [
              [
                'flags',
                Object.entries(f.flags)
                  .map(([n, words]) => `0x${Number(n).toString(16)} ${words}`)
                  .join(', '),
              ] as const,
            ]),
        ['in', f.dialects.join(', ')],
        ['source', `${sourceText(f.source)}; ${CONFIDENCE[f.confidence]}`],
      ],
    }),
  }));
}

function headers(): Entry[] {
  const rows: Entry[] = HEADERS.map((h) => ({
    keys: [normal(h.name)],
    areas: ['http2', 'header'],
    meaning: () => ({
      kind: 'header',
      title: h.name,
      lines: [
        ['means', h.doc],
        ...(h.maxBytes === undefined ? [] : [['limit', `${h.maxBytes} bytes`] as const]),
        ['filter', h.alias ?? `http2.header.${h.name}`],
        ['source', h.source],
      ],
    }),
  }));
  const types: Entry[] = PUSH_TYPES.map((t) => ({
    keys: [normal(t.name)],
    areas: ['http2', 'push-type'],
    meaning: () => ({
      kind: 'push type',
      title: t.name,
      lines: [
        ['means', t.doc],
        ...(t.suffix === '' ? [] : [['topic', `bundle id + ${t.suffix}`] as const]),
        ...(t.priorities === undefined ? [] : [['priority', t.priorities.join(' or ')] as const]),
        ['source', 'Apple: Sending notification requests to APNs'],
      ],
    }),
  }));
  return [...rows, ...types];
}

let made: readonly Entry[] | undefined;
function entries(): readonly Entry[] {
  made ??= [...statuses(), ...reasons(), ...commands(), ...notes(), ...numbers(), ...headers(), ...fields()];
  return made;
}

/** Topics are found by name and by hash. */
function topic(code: string): Meaning[] {
  const text = code.trim();
  const hash = text.replaceAll(':', '').toLowerCase();
  const known = publishedTopics().find(([name, hex]) => name === text || hex === hash);
  if (known !== undefined) {
    return [
      {
        kind: 'topic',
        title: known[0],
        lines: [
          ['SHA-1', known[1]],
          ['filter', `apns.topic == "${known[0]}"`],
        ],
      },
    ];
  }
  // A name that nobody published: at least its hash, which is what the courier carries.
  return /^[a-z0-9-]+(\.[a-z0-9_-]+){2,}$/i.test(text) && !/^(apns|http2|tls|tcp|frame|ip)\./.test(text)
    ? [
        {
          kind: 'topic',
          title: text,
          lines: [
            ['SHA-1', toHex(sha1(utf8Bytes(text)))],
            ['note', 'not among the published topics'],
          ],
        },
      ]
    : [];
}

/**
 * Everything that a code can stand for, the exact meanings first: a status, reason, command, field, note, finding, alert, topic.
 * A word before it narrows the search: "gateway 8", "tls 40", "courier 0a".
 */
export function explain(code: string): Meaning[] {
  const words = normal(code).split('-');
  const whole = normal(code);
  const exact = entries().filter((e) => e.keys.includes(whole));
  // The full name beats the last part of longer names.
  const first = exact.filter((e) => e.keys[0] === whole);
  if (exact.length > 0) {
    const chosen = first.some((e) => e.keys.length > 0 && whole.includes('.')) ? first : exact;
    return [...chosen.map((e) => e.meaning()), ...topic(code)];
  }
  for (let n = 1; n < words.length; n++) {
    const area = words.slice(0, n).join('-');
    const rest = words.slice(n).join('-');
    const found = entries().filter((e) => e.areas.includes(area) && e.keys.includes(rest));
    if (found.length > 0) return found.map((e) => e.meaning());
  }
  return topic(code);
}

/** The word that was probably meant, or undefined. */
export function suggestion(code: string): string | undefined {
  const all = new Map<string, string>();
  for (const e of entries())
    for (const key of e.keys)
      if (!/^(0x)?[0-9a-f]{1,3}$/.test(key) && !all.has(key)) all.set(key, key === e.keys[0] ? e.meaning().title : key);
  const near = nearest(normal(code), all.keys());
  return near === undefined ? undefined : all.get(near);
}
