/** The line at the top where filters, searches, numbers and file names are typed: editing, history, completion, validity. */

import { fromHex } from '../core/bytes.ts';
import { complete } from '../timeline/filter/complete.ts';
import { compileFilter, FilterError } from '../timeline/filter/filter.ts';

export type PromptKind = 'filter' | 'find' | 'jump' | 'command' | 'export' | 'emulator' | 'replay';

export interface PromptProblem {
  readonly start: number;
  readonly end: number;
  readonly reason: string;
  readonly suggestion: string | undefined;
}

export interface PromptState {
  readonly kind: PromptKind;
  readonly label: string;
  readonly text: string;
  /** UTF-16 position of the cursor. */
  readonly cursor: number;
  readonly history: readonly string[];
  /** Entry of the history that is shown; -1 = what was typed. */
  readonly at: number;
  readonly typed: string;
  readonly findKind: 'text' | 'hex' | 'regex';
  readonly problem: PromptProblem | undefined;
  readonly completions: readonly string[];
  /** Completion that Tab chose last, or -1. */
  readonly chosen: number;
  /** For exports: format and what. */
  readonly format: string;
  readonly what: 'shown' | 'marked' | 'this';
}

/** Longest text; a paste of a megabyte is a mistake. */
const MAX_TEXT = 4096;

export function openPrompt(
  kind: PromptKind,
  label: string,
  text: string,
  history: readonly string[],
  more: Partial<PromptState> = {},
): PromptState {
  return checked({
    kind,
    label,
    text,
    cursor: text.length,
    history,
    at: -1,
    typed: text,
    findKind: 'text',
    problem: undefined,
    completions: [],
    chosen: -1,
    format: '',
    what: 'shown',
    ...more,
  });
}

/** What is wrong with a filter, or undefined. An empty one is right: no filter. */
export function filterProblem(text: string): PromptProblem | undefined {
  if (text.trim() === '') return undefined;
  try {
    compileFilter(text);
    return undefined;
  } catch (error) {
    if (error instanceof FilterError) return { start: error.start, end: error.end, reason: error.reason, suggestion: error.suggestion };
    throw error;
  }
}

function findProblem(kind: PromptState['findKind'], text: string): PromptProblem | undefined {
  const all = { start: 0, end: Math.max(1, text.length), suggestion: undefined };
  if (text === '') return undefined;
  if (kind === 'hex' && fromHex(text.replace(/[:.-]/g, '')) === undefined)
    return { ...all, reason: 'not hex: pairs of digits, such as de:ad or dead' };
  if (kind === 'regex') {
    try {
      new RegExp(text, 'iu');
    } catch (error) {
      return { ...all, reason: (error as Error).message.replace(/^Invalid regular expression: /, '') };
    }
  }
  return undefined;
}

/** The prompt with its validity and completions brought up to date. */
function checked(p: PromptState): PromptState {
  if (p.kind === 'filter') return { ...p, problem: filterProblem(p.text), completions: complete(p.text, p.cursor).words, chosen: -1 };
  if (p.kind === 'find') return { ...p, problem: findProblem(p.findKind, p.text) };
  return p;
}

const edited = (p: PromptState, text: string, cursor: number): PromptState =>
  checked({ ...p, text: text.slice(0, MAX_TEXT), cursor: Math.min(cursor, MAX_TEXT), at: -1, typed: text });

/** Start of the word before the cursor. */
function wordStart(text: string, cursor: number): number {
  let at = cursor;
  while (at > 0 && /\s/.test(text[at - 1])) at--;
  while (at > 0 && !/\s/.test(text[at - 1])) at--;
  return at;
}

/** Takes over entry `at` of the history, newest first; -1 is what was typed. */
function fromHistory(p: PromptState, at: number): PromptState {
  if (at < -1 || at >= p.history.length) return p;
  const text = at < 0 ? p.typed : p.history[p.history.length - 1 - at];
  return { ...checked({ ...p, text, cursor: text.length }), at };
}

/** Cycles through the completions of the word under the cursor. */
function cycle(p: PromptState, step: 1 | -1): PromptState {
  if (p.completions.length === 0) return p;
  const from = p.chosen < 0 && step < 0 ? 0 : p.chosen;
  const chosen = (from + step + p.completions.length) % p.completions.length;
  const word = p.completions[chosen];
  const { start, end } = p.chosen < 0 ? complete(p.text, p.cursor) : { start: p.cursor - p.completions[p.chosen].length, end: p.cursor };
  const text = p.text.slice(0, start) + word + p.text.slice(end);
  return { ...p, text, cursor: start + word.length, typed: text, problem: filterProblem(text), chosen };
}

/** What a key does in the prompt; undefined when it leaves the prompt (`enter`, `escape`). */
export function editPrompt(p: PromptState, key: string, char: string | undefined): PromptState | undefined {
  const { text, cursor } = p;
  switch (key) {
    case 'left':
    case 'C-b':
      return checked({ ...p, cursor: Math.max(0, cursor - 1) });
    case 'right':
    case 'C-f':
      return checked({ ...p, cursor: Math.min(text.length, cursor + 1) });
    case 'home':
    case 'C-a':
      return checked({ ...p, cursor: 0 });
    case 'end':
    case 'C-e':
      return checked({ ...p, cursor: text.length });
    case 'backspace':
      return cursor === 0 ? p : edited(p, text.slice(0, cursor - 1) + text.slice(cursor), cursor - 1);
    case 'delete':
    case 'C-d':
      return edited(p, text.slice(0, cursor) + text.slice(cursor + 1), cursor);
    case 'C-u':
      return edited(p, text.slice(cursor), 0);
    case 'C-k':
      return edited(p, text.slice(0, cursor), cursor);
    case 'C-w': {
      const start = wordStart(text, cursor);
      return edited(p, text.slice(0, start) + text.slice(cursor), start);
    }
    case 'up':
    case 'C-p':
      return fromHistory(p, p.at + 1);
    case 'down':
    case 'C-n':
      return fromHistory(p, p.at - 1);
    case 'C-r': {
      // The next older entry that holds what was typed.
      for (let at = p.at + 1; at < p.history.length; at++) {
        if (p.history[p.history.length - 1 - at].includes(p.typed)) return fromHistory(p, at);
      }
      return p;
    }
    case 'tab':
      if (p.kind === 'find') {
        const kinds = ['text', 'hex', 'regex'] as const;
        return checked({ ...p, findKind: kinds[(kinds.indexOf(p.findKind) + 1) % 3] });
      }
      return cycle(p, 1);
    case 'S-tab':
      return cycle(p, -1);
    default:
  }
  if (key === 'space') return edited(p, `${text.slice(0, cursor)} ${text.slice(cursor)}`, cursor + 1);
  if (char !== undefined && char >= ' ' && char !== '\x7f')
    return edited(p, text.slice(0, cursor) + char + text.slice(cursor), cursor + char.length);
  return p;
}
