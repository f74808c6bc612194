import { type Stats, statSync } from 'node:fs';

/**
 * What stands at a path; undefined when nothing does or the system does not tell (a file where a directory is named, a loop of
 * links, a name too long): opening it then gives the reason.
 */
export function pathStats(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
