import { lookup } from 'node:dns/promises';
import { EXIT, UserError } from '../core/errors.ts';
import { Lab, stateDirectory } from '../emulator/certificates/lab.ts';
import { ignoreList } from '../replay/compare.ts';
import { ControlClient } from '../replay/control-client.ts';
import { dial } from '../replay/dial.ts';
import { editMessage, USER_EDITOR } from '../replay/edit.ts';
import { topicHash } from '../replay/notification.ts';
import { readOutgoing } from '../replay/outgoing.ts';
import { parseRate, parseSpeed, schedule } from '../replay/pace.ts';
import { InjectionDesk } from '../replay/peers/inject.ts';
import { DeviceListener } from '../replay/peers/listen.ts';
import { makePlan, ROLES, type Role } from '../replay/plan.ts';
import { type Proof, Witness } from '../replay/proof.ts';
import { Replay, type ReplayOptions as Wish } from '../replay/replay.ts';
import { planJson, planText, reportJson, reportJunit, reportText } from '../replay/report.ts';
import { isSettable, NameMap, parseSet, type RewriteRule, readRules } from '../replay/rewrite.ts';
import { parseNumbers, readMarks, selectRows } from '../replay/selection.ts';
import { admit, isLoopback, type Permission, parseTarget, type Target } from '../replay/target.ts';
import { Output } from './output.ts';
import {
  choice,
  failures,
  identityOf,
  positive,
  type ReplayOptions,
  readText,
  signerOf,
  span,
  startAt,
  tlsOf,
  usage,
} from './replay-options.ts';
import { openSession, type Session } from './session.ts';

export type { ReplayOptions } from './replay-options.ts';

const FORMATS = ['table', 'json', 'junit'] as const;
/** Lines of a plan as text. */
const PLAN_LINES = 200;
/** Milliseconds: a device that is started by hand takes a while. */
const DEVICE_WAIT = 60_000;

/** Where messages go: a target, devices of an emulator, or devices that connect to us. */
interface Destination {
  readonly name: string;
  readonly role: Role | undefined;
  /** Opens what the messages need, once it is sure that some are sent. */
  open(
    names: NameMap,
    signal: AbortSignal,
  ): Promise<Pick<Wish, 'open' | 'serve'> & { readonly lab?: Lab | undefined; close(): void | Promise<void> }>;
}

/** `replay`: sends chosen messages again and reports what came back. */
export async function runReplay(files: readonly string[], options: ReplayOptions): Promise<number> {
  const format = choice('--format', options.format ?? 'table', FORMATS);
  const failOn = failures(options.failOn);
  if (options.redact === true)
    throw usage('--redact cannot be used with replay: pseudonyms would be sent in place of what they stand for.');
  if (options.follow === true) throw usage('--follow cannot be used with replay: the plan needs the whole capture.');
  const destination = destinationOf(options);
  const session = await openSession(files, options);
  const controller = new AbortController();
  const interrupt = (): void => controller.abort();
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    await session.load();
    session.report();
    const { text, code, failure } = await replay(session, options, destination, format, failOn, controller.signal);
    if (text !== undefined) {
      const out = new Output(options.output);
      out.write(text);
      out.close();
    }
    if (failure !== undefined) throw failure;
    return code;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    session.close();
  }
}

async function replay(
  session: Session,
  options: ReplayOptions,
  destination: Destination,
  format: (typeof FORMATS)[number],
  failOn: ReturnType<typeof failures>,
  signal: AbortSignal,
): Promise<{ readonly text: string; readonly code: number; readonly failure?: UserError | undefined }> {
  const { timeline } = session;
  const pace = {
    speed: parseSpeed(options.speed ?? '1x'),
    gapMax: span('--gap-max', options.gapMax),
    rate: options.rate === undefined ? undefined : parseRate(options.rate),
  };
  const chosen = selectRows(timeline, {
    filter: session.filter,
    numbers: numbersOf(options),
    streams: options.stream === undefined ? undefined : parseNumbers(options.stream.join(','), '--stream'),
    limit: options.limit,
  });
  const plan = makePlan(timeline, chosen, destination.role);
  const rules = [
    ...(options.rules === undefined ? [] : readRules(options.rules)),
    ...(options.set ?? []).map(parseSet),
    ...edited(session, options),
  ];
  const dialects = new Set(plan.connections.map(({ dialect }) => dialect));
  for (const { field } of rules)
    if (!isSettable(field, dialects)) throw usage(`--set and --rules: no message of what is sent has a field "${field}".`);
  const names = new NameMap();
  for (const text of options.tokenMap ?? []) learn(names, text);
  if (options.dryRun === true) {
    const due = schedule(plan.times, pace);
    const { name } = destination;
    return {
      text: format === 'json' ? planJson(timeline, plan, due, name) : planText(timeline, plan, due, name, PLAN_LINES),
      code: EXIT.ok,
    };
  }
  const timeoutMs = span('--timeout', options.timeout);
  const quietMs = span('--quiet', options.quiet);
  const wish = {
    timeline,
    plan,
    names,
    pace,
    target: destination.name,
    rewrite: { rules, shiftTimes: options.keepTimes !== true, authorization: await signerOf(options) },
    ignore: ignoreList(options.ignore),
    loop: positive('--loop', options.loop),
    loopDelayMs: span('--loop-delay', options.loopDelay),
    startAt: startAt(options.startAt),
    connections: positive('--connections', options.connections),
    concurrency: positive('--concurrency', options.concurrency),
  };
  const opened = await destination.open(names, signal);
  const witness =
    options.control === undefined || options.listen !== undefined
      ? undefined
      : new Witness(await controlOf(options, options.control), destination.role === 'server');
  await witness?.begin();
  const run = new Replay({
    ...wish,
    open: opened.open,
    serve: opened.serve,
    peer: {
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(quietMs === undefined ? {} : { quietMs }),
      concurrency: wish.concurrency,
      identity: await identityOf(options, opened.lab),
    },
    sending: witness === undefined ? undefined : (bytes) => witness.saw(bytes),
  });
  let failure: UserError | undefined;
  let proof: Proof | undefined;
  try {
    failure = await run.run(signal);
    if (failure === undefined) proof = await witness?.end();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    failure = error;
  } finally {
    await opened.close();
  }
  const report = run.report(proof);
  const text = format === 'json' ? reportJson(report) : format === 'junit' ? reportJunit(report) : reportText(report);
  const unproven = proof !== undefined && (proof.received !== proof.sent || (proof.same !== undefined && proof.same !== proof.sent));
  const matched = unproven || [...failOn].some((name) => run.ledger.counts[name] > 0);
  return { text, failure, code: signal.aborted ? INTERRUPTED : matched ? EXIT.matched : EXIT.ok };
}

/** As a shell tells that a program ended by SIGINT. */
const INTERRUPTED = 130;

function destinationOf(options: ReplayOptions): Destination {
  const role = options.role === undefined ? undefined : choice<Role>('--role', options.role, ROLES);
  const permission: Permission = { allowRemote: options.allowRemote ?? [], reallyApple: options.reallyApple === true };
  const { listen, control, to } = options;
  if (listen !== undefined) {
    if (to !== undefined) throw usage('--to and --listen do not go together: either we connect or devices do.');
    if (role !== undefined && role !== 'server') throw usage(`--listen plays the part of a server, not of a ${role}.`);
    return listening(options, parseTarget(listen.includes(':') ? listen : `127.0.0.1:${listen}`, '--listen', 0), permission);
  }
  if (role === 'server') {
    if (to !== undefined)
      throw usage('--role server takes no --to: it delivers through --control URL of an emulator, or with --listen PORT.');
    if (control === undefined)
      throw usage('--role server needs --control URL of an emulator whose devices are to be served, or --listen PORT.');
    return injecting(options, control);
  }
  if (to === undefined) throw usage('--to HOST:PORT is missing: where are the messages to be sent?');
  return dialing(options, parseTarget(to), role, permission);
}

function dialing(options: ReplayOptions, target: Target, role: Role | undefined, permission: Permission): Destination {
  return {
    name: nameOf(target),
    role,
    async open(_, signal) {
      const address = await admit(target, permission, resolveAll);
      const given = options.proxy?.replace(/^http:\/\//, '').replace(/\/$/, '');
      const proxyTarget = given === undefined ? undefined : parseTarget(given, '--proxy');
      const proxy = proxyTarget && { target: proxyTarget, address: await admit(proxyTarget, permission, resolveAll) };
      const lab = isLoopback(address) ? await labOf(options) : undefined;
      const how = { target, address, proxy, ...tlsOf(options, lab) };
      return { lab, open: (alpn) => dial(how, alpn, signal), close: () => {} };
    },
  };
}

function injecting(options: ReplayOptions, url: string): Destination {
  return {
    name: `the devices of the emulator at ${url}`,
    role: 'server',
    async open(names) {
      const desk = await InjectionDesk.open(await controlOf(options, url), names, topicOf(options));
      return { serve: (parts) => desk.peer(parts), close: () => desk.close() };
    },
  };
}

function listening(options: ReplayOptions, target: Target, permission: Permission): Destination {
  return {
    name: `devices that connect to ${nameOf(target)}`,
    role: 'server',
    async open() {
      const host = await admit(target, permission, resolveAll);
      const { certificate, key, pkcs12, passphrase, alpn, tlsMin, tlsMax } = tlsOf(options, undefined);
      const own =
        certificate === undefined && pkcs12 === undefined && options.plaintext !== true ? await (await labOf(options)).server() : undefined;
      const listener = await DeviceListener.listen({
        host,
        port: target.port,
        tls:
          options.plaintext === true
            ? undefined
            : { certificate: own?.certificate ?? certificate, key: own?.key ?? key, pkcs12, passphrase, alpn, min: tlsMin, max: tlsMax },
        topic: topicOf(options),
        waitMs: span('--connect-timeout', options.connectTimeout) ?? DEVICE_WAIT,
        remark: (text) => process.stderr.write(`${text}\n`),
      });
      process.stderr.write(`listening on ${nameOf({ host: target.host, port: listener.port })} for devices\n`);
      return { serve: (parts) => listener.peer(parts), close: () => listener.close() };
    },
  };
}

function nameOf({ host, port }: Target): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function labOf(options: ReplayOptions): Promise<Lab> {
  return Lab.open(options.stateDir ?? stateDirectory());
}

/** The topic for notifications that name none, as its hash. */
function topicOf({ topic }: ReplayOptions): string | undefined {
  if (topic === undefined) return undefined;
  return /^[0-9a-fA-F]{40}$/.test(topic) ? topic.toLowerCase() : topicHash(topic);
}

function edited(session: Session, options: ReplayOptions): RewriteRule[] {
  if (options.edit === undefined) return [];
  return [...parseNumbers(options.edit, '--edit')].flatMap((number) => {
    if (number < 1 || number > session.timeline.length) throw usage(`--edit: there is no message ${number}.`);
    const message = readOutgoing(session.timeline, number - 1);
    if (typeof message === 'string') throw usage(`--edit: message ${number} cannot be sent: ${message}.`);
    return editMessage(message, number - 1, USER_EDITOR);
  });
}

function numbersOf(options: ReplayOptions): Set<number> | undefined {
  if (options.numbers === undefined && options.marks === undefined) return undefined;
  return new Set([
    ...(options.numbers === undefined ? [] : parseNumbers(options.numbers, '--numbers')),
    ...(options.marks === undefined ? [] : readMarks(options.marks)),
  ]);
}

function learn(names: NameMap, text: string): void {
  const add = (from: unknown, to: unknown): void => {
    if (typeof from !== 'string' || typeof to !== 'string' || from === '' || to === '')
      throw usage(`--token-map takes OLD=NEW or a JSON file of them, not "${text}".`);
    names.learn(from.toLowerCase(), to.toLowerCase());
  };
  if (text.includes('=')) {
    add(text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1));
    return;
  }
  let map: unknown;
  try {
    map = JSON.parse(readText('--token-map', text));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw usage(`--token-map ${text} is not JSON.`);
  }
  for (const [from, to] of Object.entries(map as Record<string, unknown>)) add(from, to);
}

async function resolveAll(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

async function controlOf(options: ReplayOptions, url: string): Promise<ControlClient> {
  if (options.controlToken === undefined) throw usage('--control needs --control-token, as the emulator printed it.');
  const found = /^http:\/\/([^/]+)\/?$/.exec(url);
  if (found === null) throw usage(`--control takes the URL that the emulator printed, such as http://127.0.0.1:2198, not "${url}".`);
  await admit(parseTarget(found[1], '--control'), { allowRemote: [], reallyApple: false }, resolveAll);
  return new ControlClient(url, options.controlToken);
}
