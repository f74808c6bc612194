import type { CommandDef } from './definition.ts';

/** Makes a command's one line from the short texts of its fields. */
export interface Summary {
  /** Names of the fields that it shows; the place of a name is the field's slot. */
  readonly names: readonly string[];
  /** What the line is made of, for those who write it without strings. */
  readonly templates: readonly (readonly Piece[])[];
  /** The line from the short texts by slot; undefined where the frame has no such field. */
  text(briefs: Briefs): string;
}

/** Short texts of the fields of one frame, by the slot of the field in its summary. */
export type Briefs = readonly (readonly string[] | undefined)[];

/** Values that `{name*}` lists before it says "…". */
const LISTED = 2;

/** Fixed words, or the texts of a slot: the first (no form), their number (`#`), the first two (`*`). */
export type Piece = string | { readonly slot: number; readonly form: '' | '#' | '*' };

function pieces(template: string, names: string[]): Piece[] {
  return template.split(/(\{\w+[#*]?\})/).map((part) => {
    const match = /^\{(\w+)([#*]?)\}$/.exec(part);
    if (match === null) return part;
    if (!names.includes(match[1])) names.push(match[1]);
    return { slot: names.indexOf(match[1]), form: match[2] as '' | '#' | '*' };
  });
}

/** The templates of a row (see `CommandDef.summary`), cut once. */
export function compileSummary(def: CommandDef): Summary {
  const names: string[] = [];
  const templates = (def.summary ?? []).map((template) => pieces(template, names));
  const text = (briefs: Briefs): string => {
    let line = '';
    for (const template of templates) {
      let out = '';
      for (const piece of template) {
        if (typeof piece === 'string') {
          out += piece;
          continue;
        }
        const values = briefs[piece.slot];
        if (values === undefined) {
          out = '';
          break;
        }
        if (piece.form === '#') out += values.length;
        else if (piece.form === '*') out += `${values.slice(0, LISTED).join(', ')}${values.length > LISTED ? ', …' : ''}`;
        else out += values[0];
      }
      if (out !== '') line = line === '' ? out : `${line}, ${out}`;
    }
    return line;
  };
  return { names, templates, text };
}
