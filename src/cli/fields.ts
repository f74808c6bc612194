import { UserError } from '../core/errors.ts';
import { printable } from '../core/text.ts';
import { allFields } from '../schema/registry.ts';
import { Output } from './output.ts';
import { StreamingTable } from './table.ts';

/** `apns-inspect fields [search]`: every field of the filter language. */
export async function runFields(search: string | undefined, options: { json?: boolean }): Promise<number> {
  const needle = search?.toLowerCase();
  const fields = allFields().filter((f) => needle === undefined || `${f.filter} ${f.label} ${f.doc}`.toLowerCase().includes(needle));
  if (fields.length === 0)
    throw new UserError('fields', `no field has "${printable(search ?? '')}" in its name or description; try a shorter text.`);
  const out = new Output(undefined);
  if (options.json === true) out.line(JSON.stringify(fields, null, 1));
  else {
    const table = new StreamingTable(
      [
        { title: 'Field', align: 'left', max: 48 },
        { title: 'Type', align: 'left', max: 24 },
        { title: 'Description', align: 'left', max: 0 },
      ],
      out,
      process.stdout.isTTY === true ? process.stdout.columns || 80 : 0,
      true,
      (line) => line,
    );
    for (const f of fields) table.row([f.filter, f.type, f.label === f.doc ? f.label : `${f.label}. ${f.doc}`], 0);
    table.settle();
  }
  out.close();
  return 0;
}
