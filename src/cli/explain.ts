import { EXIT, UserError } from '../core/errors.ts';
import { printable } from '../core/text.ts';
import { explain, suggestion } from '../view/knowledge.ts';
import { Output } from './output.ts';

/** Meanings that are printed; short words stand in many fields, and the rest is found with a longer name. */
const SHOWN = 24;

/** `apns-inspect explain CODE`: what is known, offline. Exit 1 when nothing is. */
export async function runExplain(code: string, options: { json?: boolean }): Promise<number> {
  const found = explain(code);
  if (found.length === 0) {
    const near = suggestion(code);
    throw new UserError(
      'explain',
      `nothing is known about "${printable(code)}"${near === undefined ? '' : ` — did you mean ${near}?`}`,
      EXIT.failed,
    );
  }
  const out = new Output(undefined);
  if (options.json === true)
    out.line(
      JSON.stringify(
        found.map(({ kind, title, lines }) => ({ kind, title, ...Object.fromEntries(lines) })),
        null,
        1,
      ),
    );
  else {
    found.slice(0, SHOWN).forEach((meaning, i) => {
      if (i > 0) out.line('');
      out.line(`${meaning.title} (${meaning.kind})`);
      for (const [label, text] of meaning.lines) out.line(`  ${label.padEnd(10)} ${text}`);
    });
    if (found.length > SHOWN) out.line(`… and ${found.length - SHOWN} more; name the dialect, the command or the whole field.`);
  }
  out.close();
  return EXIT.ok;
}
