/** Names that can stand where the cursor of a filter is. */
import { allFields } from '../schema/registry.ts';

/** Completions that are offered; more would not fit a line. */
const LIMIT = 40;

const OPERATORS = ['==', '!=', '>', '<', '>=', '<=', 'contains', 'matches', 'in'] as const;
const JOINERS = ['&&', '||'] as const;

let names: string[] | undefined;
let values: Map<string, string[]> | undefined;

function fields(): string[] {
  names ??= [...new Set(allFields().map((f) => f.filter))].sort();
  return names;
}

function valuesOf(field: string): string[] {
  values ??= new Map(
    allFields()
      .filter((f) => f.names !== undefined)
      .map((f) => [f.filter, Object.values(f.names ?? {}).map((name) => (/^[\w-]+$/.test(name) ? name : JSON.stringify(name)))]),
  );
  return values.get(field) ?? [];
}

/** What may follow before the cursor: field names for a word, operators behind a field, named values behind an operator. */
export function completionsAt(text: string, cursor: number): string[] {
  const before = text.slice(0, cursor);
  const word = /[\w.-]*$/.exec(before)?.[0] ?? '';
  const rest = before.slice(0, before.length - word.length).trimEnd();
  const compared = /([\w.]+)\s*(==|!=|~=|>=|<=|>|<)$/.exec(rest);
  if (compared !== null) {
    const found = valuesOf(compared[1]).filter((v) => v.toLowerCase().includes(word.toLowerCase()));
    return found.slice(0, LIMIT);
  }
  if (word === '') {
    const last = /[\w.]+$/.exec(rest)?.[0];
    if (last !== undefined && fields().includes(last)) return [...OPERATORS];
    return rest !== '' && /["\d)\]}a-z]$/i.test(rest) && !/(&&|\|\||and|or|not|!|\()$/.test(rest) ? [...JOINERS] : [];
  }
  const lower = word.toLowerCase();
  const starts = fields().filter((name) => name.startsWith(lower));
  const holds = lower.length < 3 ? [] : fields().filter((name) => !name.startsWith(lower) && name.includes(lower));
  const found = [...starts, ...holds];
  return found.length === 1 && found[0] === word ? [] : found.slice(0, LIMIT);
}
