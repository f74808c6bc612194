import type { Command, Option } from 'commander';

/** Every option of every command under its spellings; commands agree on whether an option takes a value. */
function spellings(program: Command): Map<string, Option> {
  const all = new Map<string, Option>();
  for (const command of [program, ...program.commands]) {
    for (const option of command.options) {
      if (option.short != null) all.set(option.short, option);
      if (option.long != null) all.set(option.long, option);
    }
  }
  return all;
}

/**
 * `-k KEYS stats FILE` means `stats -k KEYS FILE`: options in front of a command's name belong to the command. Without this
 * they would belong to the command that opens files, which would look for a file of the command's name.
 */
export function withoutLeadingOptions(words: readonly string[], program: Command): readonly string[] {
  if (words[0]?.startsWith('-') !== true) return words;
  const names = new Set(program.commands.flatMap((c) => [c.name(), ...c.aliases()]));
  const options = spellings(program);
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (word === '--') return words;
    if (!word.startsWith('-') || word === '-') {
      return names.has(word) ? [word, ...words.slice(0, at), ...words.slice(at + 1)] : words;
    }
    if (options.get(word)?.required === true) at++;
  }
  return words;
}
