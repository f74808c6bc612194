import { Command, CommanderError, Option } from 'commander';
import { addEmulatorCommands } from './cli/emulator-command.ts';
import { withoutLeadingOptions } from './cli/leading-options.ts';
import { wholeNumber, withReading } from './cli/options.ts';
import { Output } from './cli/output.ts';
import { addReplayCommand } from './cli/replay-command.ts';
import { VERSION } from './version.ts';

/** Runs a command and ends the process: the only place that calls `process.exit`. */
async function run(work: () => Promise<number>): Promise<void> {
  let code: number;
  try {
    code = await work();
  } catch (error) {
    code = await explainFailure(error);
  }
  process.exitCode = code;
  // Sockets, watchers or a reader that went away must not keep the process; output is written synchronously.
  process.exit(code);
}

async function explainFailure(error: unknown): Promise<number> {
  const e = error as Error & { exit?: number; code?: string };
  if (e?.name === 'UserError') {
    const { printable } = await import('./core/text.ts');
    // A filter's error has lines of its own, which point at the place; file names and arguments may hold anything.
    const text = e.code === 'filter' ? e.message.split('\n').map(printable).join('\n') : printable(e.message);
    process.stderr.write(`apns-inspect: ${text}\n`);
    return e.exit ?? 1;
  }
  if (e?.name === 'OutputClosed' || e?.code === 'EPIPE') return 0;
  process.stderr.write(`apns-inspect: this is a bug, please report it with the lines below.\n${e?.stack ?? String(error)}\n`);
  return 70;
}

/** Columns of all help, as of manual pages: wider lines read badly, and one text can be written down when the program is built. */
const HELP_WIDTH = 80;

const program = new Command('apns-inspect')
  .description('Reads Apple push traffic: captures in, messages out. FILE alone opens the terminal UI, or lists when piped.')
  .version(VERSION, '-V, --version')
  .exitOverride()
  .configureOutput({
    getOutHelpWidth: () => HELP_WIDTH,
    // Help and version go the way of all output: a full disk is told, a reader that went away is not.
    writeOut: (text) => {
      const out = new Output(undefined);
      out.write(text);
      out.close();
    },
    outputError: (text, write) =>
      write(
        text
          .replace(/^error: /, 'apns-inspect: ')
          .replace(/\n\(/, ' (')
          .replace(/command-argument value '(.*)' is invalid for argument '(.*)'\. /, "'$1' is no $2: ")
          .replace(/ is invalid\. (?=it takes)/, ' is invalid: '),
      ),
  })
  .showSuggestionAfterError(true)
  .enablePositionalOptions();

const listing = (command: Command): Command =>
  withReading(command)
    .option('--format <name>', 'table, text, json, jsonl or csv; export: pcapng')
    .option('--columns <names>', 'columns of table, text and csv, separated by commas')
    .option('--time <format>', 'relative, absolute, utc, delta or epoch')
    .option('-o, --output <file>', 'write there instead of standard output')
    .option('--limit <n>', 'stop after n messages', wholeNumber)
    .option('--no-header', 'no header line')
    .option('--fail-on <severity>', 'exit with 3 when a message is at least note, warn or error')
    .option('--findings', 'only messages with findings, and the findings')
    .option('--pairs', 'JSON records with the message that answers, the time between, and findings (pair, rtt, notes)');

const RING = ['--ring <n>', 'hold only the newest n messages in memory, for inputs that never end', wholeNumber] as const;

listing(program.command('open', { isDefault: true, hidden: true }).argument('[files...]', 'captures or decrypted streams'))
  .option('--no-tui', 'list instead of opening the terminal UI')
  .option('--theme <name>', 'colours of the terminal UI: dark, light or mono')
  .option('--ascii', 'draw the terminal UI with ASCII characters only')
  .option(...RING)
  .option('--no-mouse', 'leave the mouse to the terminal')
  .option('--print-config', 'print the settings of the terminal UI as JSON')
  .action((files: string[], options) =>
    run(async () => {
      const { runOpen } = await import('./cli/open.ts');
      return runOpen(
        files,
        options,
        program.commands.map((c) => c.name()),
      );
    }),
  );
listing(program.command('list').description('the timeline, one message a line').argument('[files...]'))
  .option(...RING)
  .action((files: string[], options) => run(async () => (await import('./cli/list.ts')).runList(files, options)));
withReading(
  program
    .command('show')
    .description('messages with every field, their packets and bytes')
    .argument('<file>')
    .argument('<numbers...>', 'message numbers, 3 or 3-5'),
)
  .option('--format <name>', 'text or json')
  .option('-o, --output <file>', 'write there instead of standard output')
  .action((file: string, numbers: string[], options) => run(async () => (await import('./cli/show.ts')).runShow(file, numbers, options)));
withReading(program.command('streams').description('the TCP streams: peers, packets, bytes, holes, dialect').argument('[files...]'))
  .option('--json', 'one JSON object with hashes of the streams')
  .action((files: string[], options) => run(async () => (await import('./cli/streams.ts')).runStreams(files, options)));
withReading(
  program.command('follow').description('the bytes of one stream').argument('<file>').argument('<stream>', 'its number', wholeNumber),
)
  .option('--direction <dir>', 'only c2s or s2c')
  .option('--tls', 'the decrypted bytes')
  .option('--hex', 'hex dump (default on a terminal)')
  .option('--raw', 'raw bytes (default to a file or pipe)')
  .option('-o, --output <file>', 'write there instead of standard output')
  .action((file: string, stream: number, options) => run(async () => (await import('./cli/follow.ts')).runFollow(file, stream, options)));

listing(
  program.command('export').description('messages as records, or streams as pcapng with their secrets or decrypted').argument('[files...]'),
)
  .option('--decrypted', 'pcapng with plaintext TCP, as Wireshark opens it')
  .action((files: string[], options) => run(async () => (await import('./cli/export.ts')).runExport(files, options)));
withReading(
  program
    .command('stats')
    .description('counts by dialect, message, topic, token, status, connection; rate over time')
    .argument('[files...]'),
)
  .option('--json', 'as one JSON object')
  .option('--top <n>', 'rows of each table', wholeNumber)
  .option('--index-only', 'only count packets, streams and messages')
  .option('--findings', 'count findings in every message, however many there are')
  .action((files: string[], options) => run(async () => (await import('./cli/stats.ts')).runStats(files, options)));
withReading(program.command('keys').description('the TLS sessions, and whether keys are there for them').argument('[files...]'))
  .option('--json', 'as JSON')
  .action((files: string[], options) => run(async () => (await import('./cli/keys.ts')).runKeys(files, options)));
program
  .command('decode')
  .description('messages from hex, base64 or standard input (-)')
  .argument('<bytes...>', 'hex or base64 text, or - for standard input')
  .option('--dialect <name>', 'courier, courier-packed, courier-ios4, gateway, feedback or http2')
  .addOption(new Option('--direction <dir>', 'who sent it').choices(['c2s', 's2c']))
  .option('--format <name>', 'text or json')
  .action((bytes: string[], options) => run(async () => (await import('./cli/decode.ts')).runDecode(bytes, options)));
program
  .command('explain')
  .description('what is known about a status, reason, command, field, finding, note or TLS alert')
  .argument('<code...>', 'such as 8, "gateway 8", BadDeviceToken, 0a, apns.message.expiry, session.discarded')
  .option('--json', 'as JSON')
  .action((words: string[], options) => run(async () => (await import('./cli/explain.ts')).runExplain(words.join(' '), options)));
program
  .command('fields')
  .description('every field of the filter language, with type and description')
  .argument('[search]', 'only fields whose name or description holds this text')
  .option('--json', 'as JSON')
  .action((search: string | undefined, options) => run(async () => (await import('./cli/fields.ts')).runFields(search, options)));

// A command that reads is all that it needs when it is named first; making the options of those that send takes longer than its own.
const reads = program.commands.some((c) => c.name() === process.argv[2] && c.name() !== 'open');
if (!reads) {
  addEmulatorCommands(program, run);
  addReplayCommand(program, run);
}

program
  .command('completion')
  .description('a script that completes commands and options: bash, zsh or fish')
  .argument('<shell>', 'bash, zsh or fish')
  .action((shell: string) => run(async () => (await import('./cli/completion.ts')).runCompletion(shell, program)));

const words = withoutLeadingOptions(process.argv.slice(2), program);
program.parseAsync(words, { from: 'user' }).catch((error: unknown) => {
  if (error instanceof CommanderError) {
    // commander has printed its sentence; help and version are no errors.
    process.exit(error.exitCode === 0 ? 0 : 2);
  }
  void run(() => Promise.reject(error));
});
