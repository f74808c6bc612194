/** Whether to colour: --color beats NO_COLOR beats FORCE_COLOR beats what the terminal can. */
export function wantsColor(option: string | boolean | undefined, toTerminal: boolean): boolean {
  if (option === false || option === 'never') return false;
  if (option === 'always') return true;
  const env = process.env;
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false;
  if (env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '' && env['FORCE_COLOR'] !== '0') return true;
  return toTerminal && env['TERM'] !== 'dumb';
}

const sgr =
  (code: string) =>
  (text: string): string =>
    `\x1b[${code}m${text}\x1b[0m`;

export const bold = sgr('1');
export const dim = sgr('2');
export const red = sgr('31');
export const yellow = sgr('33');
export const cyan = sgr('36');

/** Colours of a row by severity; -1 is the header. */
export function paintRow(line: string, severity: number): string {
  if (severity === -1) return bold(line);
  if (severity >= 3) return red(line);
  if (severity === 2) return yellow(line);
  return line;
}
