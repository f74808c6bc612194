import type { Command, Option } from 'commander';
import { EXIT, UserError } from '../core/errors.ts';
import { DIALECTS } from '../core/message.ts';
import { TIME_FORMATS } from '../view/time-format.ts';
import { Output } from './output.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** Options whose value is one of a few words. The others that take a value take a file or free text. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  '--format': ['table', 'text', 'json', 'jsonl', 'csv', 'pcapng'],
  '--time': TIME_FORMATS,
  '--color': ['auto', 'always', 'never'],
  '--fail-on': ['note', 'warn', 'error'],
  '--theme': ['dark', 'light', 'mono'],
  '--direction': ['c2s', 's2c'],
  '--dialect': DIALECTS.filter((d) => d !== 'capture' && d !== 'tls'),
};
/** Options whose value is free text: no file is offered. */
const FREE = /^(expression|text|rule|n|names|address|host|topic|token|format|when|name|severity|how|who|servers)$/;

interface Entry {
  readonly name: string;
  readonly doc: string;
  readonly options: readonly Option[];
}

function entries(program: Command): Entry[] {
  const hidden = (command: Command): boolean => (command as unknown as { _hidden?: boolean })._hidden === true;
  return program.commands
    .filter((c) => !hidden(c))
    .map((c) => ({ name: c.name(), doc: c.description(), options: c.options.filter((o) => !o.hidden) }));
}

/** Options of FILE without a command. */
function defaults(program: Command): readonly Option[] {
  return program.commands.find((c) => c.name() === 'open')?.options ?? [];
}

const flagsOf = (options: readonly Option[]): string[] => [
  ...options.flatMap((o) => [o.short, o.long].filter((f): f is string => f != null)),
  '--help',
];

/** What may follow an option: words, a file, free text, or nothing when it takes no value. */
function follows(option: Option): { readonly words?: readonly string[]; readonly file?: boolean } | undefined {
  if (!option.required && !option.optional) return undefined;
  const words = option.argChoices ?? VALUES[option.long ?? ''];
  if (words !== undefined) return { words };
  return { file: !FREE.test(/<([^>]+)>/.exec(option.flags)?.[1] ?? '') };
}

/** `apns-inspect completion SHELL`: a script for the shell to read, made from the commands and their options. */
export function runCompletion(shell: string, program: Command): number {
  const make = { bash, zsh, fish }[shell];
  if (make === undefined)
    throw new UserError('completion', `there is completion for ${SHELLS.join(', ')}, not for "${shell}".`, EXIT.usage);
  const out = new Output(undefined);
  out.write(make(entries(program), defaults(program)));
  out.close();
  return EXIT.ok;
}

function bash(commands: readonly Entry[], fallback: readonly Option[]): string {
  const unique = new Map<string, Option>();
  for (const option of [...commands.flatMap((c) => c.options), ...fallback]) unique.set(option.flags, option);
  const values: string[] = [];
  for (const option of unique.values()) {
    const value = follows(option);
    if (value === undefined) continue;
    const spelled = [option.short, option.long].filter((f) => f != null).join('|');
    const reply =
      value.words !== undefined
        ? `COMPREPLY=($(compgen -W "${value.words.join(' ')}" -- "$cur"))`
        : value.file === true
          ? 'COMPREPLY=($(compgen -f -- "$cur"))'
          : 'COMPREPLY=()';
    values.push(`    ${spelled}) ${reply}; return ;;`);
  }
  return `# bash completion of apns-inspect: source <(apns-inspect completion bash)
_apns_inspect() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" command="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in
      ${commands.map((c) => c.name).join('|')}) command="$word"; break ;;
    esac
  done
  case "$prev" in
${values.join('\n')}
  esac
  local options
  case "$command" in
${commands.map((c) => `    ${c.name}) options="${flagsOf(c.options).join(' ')}" ;;`).join('\n')}
    *) options="${flagsOf(fallback).join(' ')} --version" ;;
  esac
  if [[ "$cur" == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
  elif [[ "$command" == completion ]]; then
    COMPREPLY=($(compgen -W "${SHELLS.join(' ')}" -- "$cur"))
  elif [[ -z "$command" ]]; then
    COMPREPLY=($(compgen -W "${commands.map((c) => c.name).join(' ')}" -- "$cur") $(compgen -f -- "$cur"))
  else
    COMPREPLY=($(compgen -f -- "$cur"))
  fi
}
complete -o filenames -F _apns_inspect apns-inspect
`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function zsh(commands: readonly Entry[], fallback: readonly Option[]): string {
  const spec = (option: Option): string[] => {
    const value = follows(option);
    const doc = option.description.replace(/[[\]]/g, '\\$&').replaceAll(':', '\\:');
    const action =
      value === undefined
        ? ''
        : value.words !== undefined
          ? `:value:(${value.words.join(' ')})`
          : value.file === true
            ? ':file:_files'
            : ':value:';
    return [option.short, option.long].filter((f): f is string => f != null).map((flag) => quoted(`*${flag}[${doc}]${action}`));
  };
  const argumentsOf = (options: readonly Option[]): string => [...options.flatMap(spec), quoted('*:file:_files')].join(' ');
  return `#compdef apns-inspect
# zsh completion of apns-inspect: source <(apns-inspect completion zsh), or save it as _apns-inspect in $fpath
_apns_inspect() {
  local -a commands
  commands=(
${commands.map((c) => `    ${quoted(`${c.name}:${c.doc.replaceAll(':', '\\:')}`)}`).join('\n')}
  )
  local word command=
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$word" in
      ${commands.map((c) => c.name).join('|')}) command="$word"; break ;;
    esac
  done
  case "$command" in
${commands.map((c) => `    ${c.name}) _arguments -s ${c.name === 'completion' ? `'*:shell:(${SHELLS.join(' ')})'` : argumentsOf(c.options)} ;;`).join('\n')}
    *)
      if [[ "$PREFIX" == -* ]]; then
        _arguments -s ${argumentsOf(fallback)}
      else
        _describe command commands
        _files
      fi ;;
  esac
}
if [[ "$funcstack[1]" == _apns_inspect ]]; then _apns_inspect "$@"; else compdef _apns_inspect apns-inspect; fi
`;
}

function fish(commands: readonly Entry[], fallback: readonly Option[]): string {
  const names = commands.map((c) => c.name).join(' ');
  const none = `not __fish_seen_subcommand_from ${names}`;
  const line = (condition: string, option: Option): string => {
    const value = follows(option);
    const short = option.short == null ? '' : ` -s ${option.short.slice(1)}`;
    const long = option.long == null ? '' : ` -l ${option.long.slice(2)}`;
    const takes =
      value === undefined
        ? ''
        : value.words !== undefined
          ? ` -x -a ${quoted(value.words.join(' '))}`
          : value.file === true
            ? ' -r'
            : ' -x';
    return `complete -c apns-inspect -n ${quoted(condition)}${short}${long}${takes} -d ${quoted(option.description)}`;
  };
  return `# fish completion of apns-inspect: apns-inspect completion fish | source
${commands.map((c) => `complete -c apns-inspect -n ${quoted(none)} -a ${c.name} -d ${quoted(c.doc)}`).join('\n')}
complete -c apns-inspect -f -n '__fish_seen_subcommand_from completion' -a ${quoted(SHELLS.join(' '))}
${fallback.map((o) => line(none, o)).join('\n')}
${commands.flatMap((c) => c.options.map((o) => line(`__fish_seen_subcommand_from ${c.name}`, o))).join('\n')}
`;
}
