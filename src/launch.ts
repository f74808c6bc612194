#!/usr/bin/env node
/**
 * Starts the program from one bundled script, with the machine code that V8 made of it when it was built: compiling took
 * three times as long as `node` itself. Data of another version of V8 is refused by V8, and the script compiled as ever.
 * This file is built as CommonJS: node's loader of ES modules alone takes a fifth of the time of `node -e 0`.
 */
import { readFileSync } from 'node:fs';
import { Script } from 'node:vm';

const filename = `${__dirname}/program.cjs`;

/** What a run needs first decides which code is worth reading: the help of commander, or everything that lists. */
function kept(words: readonly string[]): Buffer | undefined {
  const name = words.length === 0 || words.some((word) => HELP.includes(word)) ? 'help' : 'list';
  try {
    return readFileSync(`${__dirname}/code-${name}.bin`);
  } catch {
    return undefined;
  }
}

const HELP = ['-h', '--help', 'help', '-V', '--version'];

const cachedData = kept(process.argv.slice(2));
const script = new Script(readFileSync(filename, 'latin1'), {
  filename,
  ...(cachedData === undefined ? {} : { cachedData }),
});
const load = require;

/** Modules of node that few runs use; loading them all takes as long as listing a small capture. */
const RARE = ['node:crypto', 'node:net', 'node:os', 'node:zlib'];

/** `require` for the program: what is rare is loaded when something of it is first used. */
function loadLater(name: string): unknown {
  return RARE.includes(name) ? new Proxy({}, { get: (_, key) => (load(name) as Record<PropertyKey, unknown>)[key] }) : load(name);
}

script.runInThisContext()(loadLater);
