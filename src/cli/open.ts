import { type ListOptions, runList } from './list.ts';

export interface OpenOptions extends ListOptions {
  tui?: boolean;
}

/** `apns-inspect FILE...`: the terminal UI on a terminal, the list everywhere else. */
export async function runOpen(files: string[], options: OpenOptions): Promise<number> {
  return runList(files, options);
}
