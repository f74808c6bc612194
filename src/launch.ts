#!/usr/bin/env node
/**
 * Starts the program from one bundled script, with the machine code that V8 made of it when it was built: compiling took
 * three times as long as `node` itself. Data of another version of V8 is refused by V8, and the script compiled as ever.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

const filename = fileURLToPath(new URL('./program.cjs', import.meta.url));

/** What a run needs first decides which code is worth reading: the help of commander, or everything that lists. */
function kept(words: readonly string[]): Buffer | undefined {
  const name = words.length === 0 || words.some((word) => HELP.includes(word)) ? 'help' : 'list';
  try {
    return readFileSync(fileURLToPath(new URL(`./code-${name}.bin`, import.meta.url)));
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
const load = createRequire(import.meta.url);

/** Modules of node that few runs use; loading them all takes as long as listing a small capture. */
const RARE = ['node:crypto', 'node:net', 'node:os', 'node:zlib'];

/** `require` for the program: what is rare is loaded when something of it is first used. */
function require(name: string): unknown {
  return RARE.includes(name) ? new Proxy({}, { get: (_, key) => (load(name) as Record<PropertyKey, unknown>)[key] }) : load(name);
}

script.runInThisContext()(require);
