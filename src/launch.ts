#!/usr/bin/env node
/**
 * Starts the program from one bundled script, with the machine code that V8 made of it when it was built: compiling took
 * three times as long as `node` itself. Data of another version of V8 is refused by V8, and the script compiled as ever.
 * This file is built as CommonJS: node's loader of ES modules alone takes a fifth of the time of `node -e 0`.
 */
import { readFileSync, writeSync } from 'node:fs';
import { Script } from 'node:vm';

const STDOUT = 1;

/** Modules of node that few runs use; loading them all takes as long as listing a small capture. */
const RARE = ['node:crypto', 'node:net', 'node:os', 'node:zlib'];

/** Bytes that were kept when the program was built; undefined: they were not. */
function kept(name: string): Buffer | undefined {
  try {
    return readFileSync(`${__dirname}/${name}`);
  } catch {
    return undefined;
  }
}

/** Writes the help, which the build wrote down; false when something else is asked, or the program must tell what is wrong. */
function writesHelp(words: readonly string[]): boolean {
  if (words.length !== 1 || (words[0] !== '--help' && words[0] !== '-h')) return false;
  const text = kept('help.txt');
  try {
    return text !== undefined && writeSync(STDOUT, text) === text.length;
  } catch {
    return false;
  }
}

/** `require` for the program: what is rare is loaded when something of it is first used. */
function loadLater(name: string): unknown {
  return RARE.includes(name) ? new Proxy({}, { get: (_, key) => (require(name) as Record<PropertyKey, unknown>)[key] }) : require(name);
}

if (!writesHelp(process.argv.slice(2))) {
  const filename = `${__dirname}/program.cjs`;
  const cachedData = kept('code.bin');
  const script = new Script(readFileSync(filename, 'latin1'), {
    filename,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  script.runInThisContext()(loadLater);
}
