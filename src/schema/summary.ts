import type { CommandDef } from './definition.ts';

/** Makes a command's one line from the short texts of its fields. */
export interface Summary {
  /** Names of the fields that it shows. */
  readonly names: ReadonlySet<string>;
  text(briefs: ReadonlyMap<string, readonly string[]>): string;
}

/** Values that `{name*}` lists before it says "…". */
const LISTED = 2;

type Piece = string | { readonly name: string; readonly form: '' | '#' | '*' };

function pieces(template: string): Piece[] {
  return template.split(/(\{\w+[#*]?\})/).map((part) => {
    const match = /^\{(\w+)([#*]?)\}$/.exec(part);
    return match === null ? part : { name: match[1], form: match[2] as '' | '#' | '*' };
  });
}

/** The templates of a row (see `CommandDef.summary`), cut once. */
export function compileSummary(def: CommandDef): Summary {
  const templates = (def.summary ?? []).map(pieces);
  const names = new Set(templates.flatMap((template) => template.flatMap((piece) => (typeof piece === 'string' ? [] : [piece.name]))));
  const text = (briefs: ReadonlyMap<string, readonly string[]>): string => {
    const parts: string[] = [];
    for (const template of templates) {
      let out = '';
      for (const piece of template) {
        if (typeof piece === 'string') {
          out += piece;
          continue;
        }
        const values = briefs.get(piece.name);
        if (values === undefined) {
          out = '';
          break;
        }
        if (piece.form === '#') out += values.length;
        else if (piece.form === '*') out += `${values.slice(0, LISTED).join(', ')}${values.length > LISTED ? ', …' : ''}`;
        else out += values[0];
      }
      if (out !== '') parts.push(out);
    }
    return parts.join(', ');
  };
  return { names, text };
}
