import { fromHex, toHex } from '../../core/bytes.ts';
import { DIALECTS, type Field } from '../../core/message.ts';
import { SEVERITIES } from '../../core/note.ts';
import { kindOf } from '../../session/kinds.ts';
import { kindsWith } from '../../session/row-rules.ts';
import type { Timeline } from '../timeline.ts';
import { directionTerm, idTerm, numberTerm, plainTerm, statusTerm, streamNumberTerm, timeTerm, tokenTerm } from './column-terms.ts';
import { FilterError, nearest } from './error.ts';
import { collector, type FilterField, filterField, normal, typesWith } from './fields.ts';
import { layerValues } from './layers.ts';
import { addressTest } from './network.ts';
import { rawTerm } from './raw.ts';
import type { FieldRef, Literal, Node, RangeItem, Relation } from './syntax.ts';
import { streamTerm, topicTerm, typeTerm } from './table-terms.ts';
import { both, COST, either, negated, rowTerm, type Term } from './terms.ts';
import { overall, shaped, type ValueTest, valueTest } from './test.ts';
import { compareNumbers, compareTexts, operand } from './values.ts';
import { checkWord } from './words.ts';

/** Compiles a filter's tree into terms over columns, tables and, where it must be, decoded messages. */
export function compile(filter: string, node: Node): Term {
  switch (node.op) {
    case 'and':
      return both(compile(filter, node.left), compile(filter, node.right));
    case 'or':
      return either(compile(filter, node.left), compile(filter, node.right));
    case 'xor': {
      const left = compile(filter, node.left);
      const right = compile(filter, node.right);
      return either(both(left, negated(right)), both(negated(left), right));
    }
    case 'not':
      return negated(compile(filter, node.of));
    case 'exists':
      return exists(node.field);
    case 'in':
      return node.items.map((item) => inItem(filter, node.field, item)).reduce(either);
    case 'compare':
      if (node.value.kind === 'field') return fieldAgainstField(node.field, node.relation, node.value);
      return compare(filter, node.field, node.relation, node.value);
  }
}

function inItem(filter: string, field: FieldRef, item: Literal | RangeItem): Term {
  if (!('from' in item)) return compare(filter, field, '==', item);
  return both(compare(filter, field, '>=', item.from), compare(filter, field, '<=', item.to));
}

const isPlain = (ref: FieldRef): boolean => ref.functions.length === 0 && ref.slices.length === 0;

/** What a field is beyond the message's own fields: text or number made from row and stream. */
const ROW_TEXT: Readonly<Record<string, (timeline: Timeline, row: number) => readonly string[]>> = {
  'apns.info': (t, row) => [t.unredacted(row).info],
  'apns.note': (t, row) => notesOf(t, row).flatMap((n) => [n.code, n.severity]),
  'apns.process': (t, row) => {
    const name = t.streams[t.rows.columns.stream(row)]?.endpoints.process;
    return name === undefined ? [] : [name];
  },
};

function notesOf(timeline: Timeline, row: number): readonly { code: string; severity: string }[] {
  return [...timeline.unredacted(row).notes, ...(timeline.analysis?.findings(row) ?? [])];
}

const textField = (text: string): Field => ({ name: '', label: '', value: text, text, at: undefined });
const numberField = (value: number | bigint): Field => ({ name: '', label: '', value, text: String(value), at: undefined });

/** Values of a field for a row, for everything that has no term of its own. */
function valuesOf(field: FilterField): (timeline: Timeline, row: number) => readonly Field[] {
  const { name } = field;
  const text = ROW_TEXT[name];
  if (text !== undefined) return (t, row) => text(t, row).map(textField);
  switch (name) {
    case 'apns.pair':
      return (t, row) => {
        const pair = t.analysis?.pair(row) ?? -1;
        return pair < 0 ? [] : [numberField(pair + 1)];
      };
    case 'apns.rtt':
      return (t, row) => {
        const rtt = t.analysis?.rttNanos(row);
        return rtt === undefined ? [] : [numberField(rtt)];
      };
    case 'apns.severity':
      return (t, row) => [
        numberField(Math.max(t.rows.columns.severity(row), ...notesOf(t, row).map((n) => SEVERITIES.indexOf(n.severity as never)))),
      ];
    case 'apns.command':
    case 'apns.message':
      return (t, row) => [textField(t.unredacted(row).command)];
    case 'apns.dialect':
      return (t, row) => [textField(t.dialect(row))];
    case 'apns.direction':
      return (t, row) => [textField(t.rows.columns.dir(row) === 0 ? 'c2s' : 's2c')];
    case 'apns.topic':
      return (t, row) => {
        const topic = t.rows.columns.topic(row);
        return topic < 0 ? [] : [textField(t.topicName(row) ?? '')];
      };
    case 'apns.number':
      return (_, row) => [numberField(row + 1)];
    case 'apns.size':
      return (t, row) => [numberField(t.rows.columns.length(row))];
    case 'frame.number':
      return (t, row) => [numberField(t.rows.columns.packet(row))];
    case 'tcp.stream':
      return (t, row) => [numberField(t.rows.columns.stream(row))];
    default: {
      const layer = layerValues(name);
      if (layer !== undefined) return layer;
      const ends = endpointValues(name);
      if (ends !== undefined)
        return (t, row) =>
          ends(t, t.rows.columns.stream(row), t.rows.columns.dir(row)).map((v) => (typeof v === 'number' ? numberField(v) : textField(v)));
      const collect = collector(field);
      const may = typesWith(field);
      return (t, row) => (may?.(t.rows.columns.type(row)) === false ? [] : collect(t.unredacted(row)));
    }
  }
}

function exists(ref: FieldRef): Term {
  const field = filterField(ref.name);
  if (isPlain(ref)) {
    if (ref.name === 'apns.topic') return topicTerm(() => true);
    if (ref.name === 'apns.status') return statusTerm('>=', 0);
    if (ref.name === 'apns.id') return idTerm('>=', 0);
    if (ref.name === 'apns.token') return tokenTerm(undefined);
  }
  const values = valuesOf(field);
  return rowTerm(COST.decode, (t, row) => values(t, row).some((f) => ref.slices.length === 0 || shaped(f, ref) !== undefined));
}

function fieldAgainstField(left: FieldRef, relation: Relation, right: FieldRef): Term {
  const [a, b] = [valuesOf(filterField(left.name)), valuesOf(filterField(right.name))];
  const equal = (x: Field, y: Field): boolean => {
    const [v, w] = [shaped(x, left), shaped(y, right)];
    if ((typeof v === 'number' || typeof v === 'bigint') && (typeof w === 'number' || typeof w === 'bigint'))
      return compareNumbers(v, relation, w);
    const text = (value: unknown): string => (value instanceof Uint8Array ? toHex(value) : String(value));
    return v !== undefined && w !== undefined && compareTexts(text(v), relation, text(w));
  };
  return rowTerm(COST.decode, (t, row) => {
    const others = b(t, row);
    return others.length > 0 && overall(relation, a(t, row), (x) => others.some((y) => equal(x, y)));
  });
}

/** Address and port values of a stream for a field name, by direction. */
function endpointValues(name: string): ((t: Timeline, stream: number, dir: 0 | 1) => (string | number)[]) | undefined {
  const match = /^(?:(?:ip|ipv6)\.(addr|src|dst)|tcp\.(port|srcport|dstport))$/.exec(name);
  if (match === null) return undefined;
  const which = (match[1] ?? match[2]).replace('port', '');
  const isPort = match[2] !== undefined;
  return (t, stream, dir) => {
    const { client, server } = t.unredactedPeers(stream);
    const [from, to] = dir === 0 ? [client, server] : [server, client];
    const picked = which === 'src' ? [from] : which === 'dst' ? [to] : [from, to];
    return picked
      .filter((e) => e !== '')
      .map((e) => {
        const colon = e.lastIndexOf(':');
        return isPort ? Number(e.slice(colon + 1)) : e.slice(0, colon).replace(/^\[|\]$/g, '');
      });
  };
}

function compare(filter: string, ref: FieldRef, relation: Relation, literal: Literal): Term {
  const field = filterField(ref.name);
  const test = valueTest(filter, ref, field, relation, literal);
  if (isPlain(ref)) checkWord(filter, ref, relation, literal);
  return (
    (isPlain(ref) ? columnTerm(filter, ref, field, relation, literal, test) : undefined) ?? decodedTerm(ref, field, relation, literal, test)
  );
}

/** The term over columns or small tables that answers this comparison, where there is one. */
function columnTerm(
  filter: string,
  ref: FieldRef,
  field: FilterField,
  relation: Relation,
  literal: Literal,
  test: ValueTest,
): Term | undefined {
  const given = operand(literal.text, literal.quoted);
  const number = field.names?.get(normal(literal.text)) ?? given.number;
  const small = typeof number === 'number' ? number : undefined;
  switch (ref.name) {
    case 'frame.number':
      return small === undefined ? undefined : plainTerm('packet', relation, small);
    case 'apns.number':
      return small === undefined ? undefined : numberTerm(relation, small);
    case 'apns.size':
      return small === undefined ? undefined : plainTerm('length', relation, small);
    case 'apns.status':
      return small === undefined ? undefined : statusTerm(relation, small);
    case 'http2.status':
      return small === undefined
        ? undefined
        : both(
            typeTerm((_t, type) => type >>> 8 === 7),
            statusTerm(relation, small),
          );
    case 'apns.id':
      return small === undefined || relation === 'contains' ? undefined : idTerm(relation, small);
    case 'tcp.stream':
      return small === undefined || !Number.isInteger(small) ? undefined : streamNumberTerm(relation, small);
    case 'apns.direction': {
      const dir = field.names?.get(normal(literal.text));
      if (dir === undefined && relation !== 'matches' && relation !== 'contains')
        throw new FilterError(filter, literal.start, literal.end, `apns.direction is c2s or s2c, not "${literal.text}"`);
      return dir === undefined ? undefined : directionTerm(relation, dir);
    }
    case 'frame.time':
    case 'frame.time_epoch': {
      const nanos = given.nanos ?? given.span;
      return nanos === undefined ? undefined : timeTerm(relation, nanos, false);
    }
    case 'frame.time_relative':
      return given.span === undefined ? undefined : timeTerm(relation, given.span, true);
    case 'apns.dialect':
      return dialectTerm(filter, relation, literal, test);
    case 'apns.command':
    case 'apns.message':
      return typeTerm((t, _type, _dir, row) => {
        const { command, label } = t.unredacted(row);
        // "Message ack" and "message-ack" are message_ack.
        const isNamed = normal(label) === normal(literal.text) || normal(command) === normal(literal.text);
        if (isNamed && relation !== 'contains' && relation !== 'matches') return relation === '==' || relation === '===';
        return overall(relation, [textField(command)], test);
      });
    case 'apns.note':
      return relation === '==' && literal.text.startsWith('session.') ? findingTerm(literal.text) : undefined;
    case 'apns.topic':
      return topicTerm((t, topic) => topicMatches(t, topic, relation, literal, test));
    case 'apns.token':
      return tokenPrefix(relation, literal, ref, field, test);
    default: {
      const ends = endpointValues(ref.name);
      if (ends === undefined) return undefined;
      const address = field.doc?.type === 'address' ? addressTest(literal.text) : undefined;
      const equal = relation === '==' || relation === '===';
      const compared = equal || relation === '!=' || relation === '~=';
      if (field.doc?.type === 'address' && compared && address === undefined)
        throw new FilterError(
          filter,
          literal.start,
          literal.end,
          `"${literal.text}" is no address; write 10.0.0.1, 10.0.0.0/8 or 2001:db8::/32`,
        );
      const one: ValueTest = address !== undefined && compared ? (f) => address(String(f.value)) === equal : test;
      return streamTerm((t, stream, dir) =>
        overall(
          relation,
          ends(t, stream, dir).map((v) => (typeof v === 'number' ? numberField(v) : textField(v))),
          one,
        ),
      );
    }
  }
}

/** Rows with a finding. Codes of sessions are no notes of decoders: only messages whose kind has a rule for it are decoded. */
function findingTerm(code: string): Term {
  const kinds = kindsWith(code);
  const may = rowTerm(COST.table, (t, row) => {
    const { columns } = t.rows;
    return t.analysis?.has(row) === true || kinds.has(kindOf(columns.type(row), columns.dir(row)));
  });
  return both(
    may,
    rowTerm(COST.decode, (t, row) => t.analysis?.findings(row).some((n) => n.code === code) === true),
  );
}

function dialectTerm(filter: string, relation: Relation, literal: Literal, test: ValueTest): Term {
  const named = DIALECTS.indexOf(normal(literal.text) as never);
  if (named >= 0 && (relation === '==' || relation === '!=')) return typeTerm((_t, type) => (type >>> 8 === named) === (relation === '=='));
  if (relation === '==' || relation === '!=') {
    throw new FilterError(
      filter,
      literal.start,
      literal.end,
      `there is no dialect "${literal.text}"; there are ${DIALECTS.join(', ')}`,
      nearest(normal(literal.text), DIALECTS),
    );
  }
  return typeTerm((_t, type) => overall(relation, [textField(DIALECTS[type >>> 8] ?? 'capture')], test));
}

/** A topic is named by its name, by its hash, or by the first digits of its hash. */
function topicMatches(t: Timeline, topic: number, relation: Relation, literal: Literal, test: ValueTest): boolean {
  const bytes = t.rows.topics.values[topic];
  const name = t.decoders.topicName(bytes);
  const hex = toHex(bytes);
  const negative = relation === '!=' || relation === '~=';
  const digits = literal.text.replace(/[:]/g, '').toLowerCase();
  const isHash = bytes.length === 20 && digits.length >= 4 && /^[0-9a-f]+$/.test(digits) && hex.startsWith(digits);
  if (relation === '==' || relation === '===') return name === literal.text || isHash;
  if (negative) return name !== literal.text && !isHash;
  return test(textField(name)) || (bytes.length === 20 && test(textField(hex)));
}

function tokenPrefix(relation: Relation, literal: Literal, ref: FieldRef, field: FilterField, test: ValueTest): Term | undefined {
  const hex = literal.text.replace(/\*$/, '').replace(/:/g, '');
  const bytes = fromHex(hex.length % 2 === 0 ? hex : hex.slice(0, -1));
  if (relation !== '==' || bytes === undefined || bytes.length < 4) return undefined;
  const first = ((bytes[0] << 24) | (bytes[1] << 16) | (bytes[2] << 8) | bytes[3]) >>> 0;
  if (first === 0) return undefined;
  const exact = decodedTerm(ref, field, relation, literal, test);
  return both(tokenTerm(first), exact);
}

/** The comparison on decoded messages, behind what says quickly that a row cannot match. */
function decodedTerm(ref: FieldRef, field: FilterField, relation: Relation, literal: Literal, test: ValueTest): Term {
  const values = valuesOf(field);
  const decoded = rowTerm(COST.decode, (t, row) => overall(relation, values(t, row), test));
  const isPayload = field.path !== undefined || ref.name === 'apns.payload' || field.doc?.type.includes('property list') === true;
  const may =
    isPayload && isPlain(ref) && (relation === 'contains' || relation === '==') && Number.isNaN(Number(literal.text))
      ? rawTerm(literal.text)
      : undefined;
  const types = typesWith(field);
  let term = may === undefined ? decoded : both(may, decoded);
  if (types !== undefined)
    term = both(
      typeTerm((_t, type) => types(type)),
      term,
    );
  return term;
}
