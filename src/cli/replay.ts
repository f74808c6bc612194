import { sign } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { existsSync, readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { EXIT, UserError } from '../core/errors.ts';
import { Lab, splitPem, stateDirectory } from '../emulator/certificates/lab.ts';
import { REAL_CLOCK } from '../replay/clock.ts';
import { ignoreList } from '../replay/compare.ts';
import { type DialOptions, dial } from '../replay/dial.ts';
import { editMessage, USER_EDITOR } from '../replay/edit.ts';
import { Ledger, type Outcome } from '../replay/ledger.ts';
import { readOutgoing } from '../replay/outgoing.ts';
import { parseRate, parseSpan, parseSpeed, schedule } from '../replay/pace.ts';
import { makePlan, ROLES, type Role } from '../replay/plan.ts';
import { type Proof, Witness } from '../replay/proof.ts';
import { planJson, planText, type Report, reportJson, reportJunit, reportText } from '../replay/report.ts';
import { NameMap, parseSet, type RewriteRule, Rewriter, readRules } from '../replay/rewrite.ts';
import { runPlan } from '../replay/run.ts';
import { parseNumbers, readMarks, selectRows } from '../replay/selection.ts';
import { admit, isLoopback, parseTarget } from '../replay/target.ts';
import type { ReadOptions } from './options.ts';
import { Output } from './output.ts';
import { openSession, type Session } from './session.ts';

/** Options as commander gives them. */
export interface ReplayOptions extends ReadOptions {
  to?: string;
  numbers?: string;
  marks?: string;
  stream?: string[];
  limit?: number;
  role?: string;
  dryRun?: boolean;
  speed?: string;
  gapMax?: string;
  rate?: string;
  loop?: number;
  loopDelay?: string;
  startAt?: string;
  connections?: number;
  concurrency?: number;
  set?: string[];
  rules?: string;
  keepTimes?: boolean;
  tokenMap?: string[];
  signKey?: string;
  keyId?: string;
  teamId?: string;
  edit?: string;
  ignore?: string[];
  format?: string;
  output?: string;
  failOn?: string;
  control?: string;
  controlToken?: string;
  allowRemote?: string[];
  reallyApple?: boolean;
  ca?: string[];
  insecure?: boolean;
  cert?: string;
  certKey?: string;
  pkcs12?: string;
  passphrase?: string;
  serverName?: string;
  alpn?: string;
  tlsMin?: string;
  tlsMax?: string;
  plaintext?: boolean;
  connectTimeout?: string;
  timeout?: string;
  quiet?: string;
  proxy?: string;
  identity?: string;
  stateDir?: string;
}

const FORMATS = ['table', 'json', 'junit'] as const;
const VERSIONS = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
const FAILURES: readonly Outcome[] = ['different', 'missing', 'unexpected', 'failed'];
/** Lines of a plan as text. */
const PLAN_LINES = 200;
/** Milliseconds. */
const CONNECT_TIMEOUT = 10_000;
const ANSWER_TIMEOUT = 5_000;
/** Apple's gateway took about 360 ms for an error packet (provider.md 1.2). */
const QUIET = 1_000;

/** `replay`: sends chosen messages again and reports what came back. */
export async function runReplay(files: readonly string[], options: ReplayOptions): Promise<number> {
  const format = choice('--format', options.format ?? 'table', FORMATS);
  const failOn = failures(options.failOn);
  if (options.redact === true)
    throw usage('--redact cannot be used with replay: pseudonyms would be sent in place of what they stand for.');
  if (options.follow === true) throw usage('--follow cannot be used with replay: the plan needs the whole capture.');
  if (options.to === undefined) throw usage('--to HOST:PORT is missing: where are the messages to be sent?');
  const target = parseTarget(options.to);
  const session = await openSession(files, options);
  const controller = new AbortController();
  const interrupt = (): void => controller.abort();
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    await session.load();
    session.report();
    return await replay(session, options, target, format, failOn, controller.signal);
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    session.close();
  }
}

async function replay(
  session: Session,
  options: ReplayOptions,
  target: { host: string; port: number },
  format: (typeof FORMATS)[number],
  failOn: ReadonlySet<Outcome>,
  signal: AbortSignal,
): Promise<number> {
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
  const role =
    options.role === undefined
      ? undefined
      : choice<Role>(
          '--role',
          options.role,
          ROLES.filter((name) => name !== 'server'),
        );
  const plan = makePlan(timeline, chosen, role);
  const where = `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`;
  const rules = [
    ...(options.rules === undefined ? [] : readRules(options.rules)),
    ...(options.set ?? []).map(parseSet),
    ...edited(session, options),
  ];
  const names = new NameMap();
  for (const text of options.tokenMap ?? []) learn(names, text);
  const out = new Output(options.output);
  if (options.dryRun === true) {
    const due = schedule(plan.times, pace);
    out.write(format === 'json' ? planJson(timeline, plan, due, where) : planText(timeline, plan, due, where, PLAN_LINES));
    out.close();
    return EXIT.ok;
  }
  const permission = { allowRemote: options.allowRemote ?? [], reallyApple: options.reallyApple === true };
  const address = await admit(target, permission, resolveAll);
  const proxyTarget =
    options.proxy === undefined ? undefined : parseTarget(options.proxy.replace(/^http:\/\//, '').replace(/\/$/, ''), '--proxy');
  const proxy = proxyTarget && { target: proxyTarget, address: await admit(proxyTarget, permission, resolveAll) };
  const lab = options.plaintext !== true && isLoopback(address) ? await Lab.open(options.stateDir ?? stateDirectory()) : undefined;
  const dialing: DialOptions = { target, address, proxy, ...tlsOf(options, lab) };
  const rewriter = new Rewriter(timeline, { rules, shiftTimes: options.keepTimes !== true, authorization: await signerOf(options) }, names);
  const ledger = new Ledger(timeline, plan, ignoreList(options.ignore), names);
  const witness = options.control === undefined ? undefined : await witnessOf(options, options.control);
  await witness?.begin();
  const begun = REAL_CLOCK.now();
  let failure: UserError | undefined;
  try {
    await runPlan({
      timeline,
      plan,
      ledger,
      names,
      rewriter,
      clock: REAL_CLOCK,
      signal,
      options: {
        pace,
        loop: options.loop ?? 1,
        loopDelayMs: span('--loop-delay', options.loopDelay) ?? 0,
        startAt: startAt(options.startAt),
        connections: positive('--connections', options.connections),
        peer: {
          timeoutMs: span('--timeout', options.timeout) ?? ANSWER_TIMEOUT,
          quietMs: span('--quiet', options.quiet) ?? QUIET,
          concurrency: positive('--concurrency', options.concurrency),
          identity: await identityOf(options, lab),
          ownIdentifiers: rules.some(({ field }) => field === 'id' || field === 'identifier'),
        },
      },
      sending: witness === undefined ? undefined : (_index, bytes) => witness.saw(bytes),
      open: (alpn) => dial(dialing, alpn, signal),
    });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    failure = error;
  }
  const proof: Proof | undefined = failure === undefined ? await witness?.end() : undefined;
  const seconds = (REAL_CLOCK.now() - begun) / 1000;
  const report: Report = {
    target: where,
    interrupted: signal.aborted,
    seconds,
    ledger,
    timeline,
    plan,
    proof,
    learned: [...names.entries()],
  };
  out.write(format === 'json' ? reportJson(report) : format === 'junit' ? reportJunit(report) : reportText(report));
  out.close();
  if (failure !== undefined) throw failure;
  if (signal.aborted) return 130;
  const unproven = proof !== undefined && (proof.received !== proof.sent || (proof.same !== undefined && proof.same !== proof.sent));
  return unproven || [...failOn].some((name) => ledger.counts[name] > 0) ? EXIT.matched : EXIT.ok;
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

function tlsOf(options: ReplayOptions, lab: Lab | undefined): Omit<DialOptions, 'target' | 'address' | 'proxy'> {
  const version = (name: string, value: string | undefined): (typeof VERSIONS)[number] | undefined =>
    value === undefined ? undefined : choice(name, value, VERSIONS);
  const given = options.ca?.map((path) => readText('--ca', path));
  // On this machine the emulator's own authority is trusted as well.
  const ca = given ?? (lab === undefined ? undefined : [...rootCertificates, lab.authority.certificate]);
  return {
    plaintext: options.plaintext === true,
    ca,
    insecure: options.insecure === true,
    certificate: options.cert === undefined ? undefined : readText('--cert', options.cert),
    key: options.certKey === undefined ? undefined : readText('--cert-key', options.certKey),
    pkcs12: options.pkcs12 === undefined ? undefined : readBytes('--pkcs12', options.pkcs12),
    passphrase: options.passphrase,
    serverName: options.serverName,
    alpn: options.alpn === undefined ? undefined : options.alpn.split(',').filter((name) => name !== ''),
    tlsMin: version('--tls-min', options.tlsMin),
    tlsMax: version('--tls-max', options.tlsMax),
    connectTimeoutMs: span('--connect-timeout', options.connectTimeout) ?? CONNECT_TIMEOUT,
  };
}

/** Seconds that a provider token is used: Apple takes it for an hour and no new one within twenty minutes. */
const TOKEN_LIFE = 2400;

async function signerOf(options: ReplayOptions): Promise<((nowMs: number) => string) | undefined> {
  const { signKey, keyId, teamId } = options;
  if (signKey === undefined) {
    if (keyId !== undefined || teamId !== undefined) throw usage('--key-id and --team-id need --sign-key.');
    return undefined;
  }
  const id = keyId ?? /AuthKey_([A-Z0-9]{10})\.p8$/.exec(signKey)?.[1];
  if (id === undefined) throw usage(`--key-id is missing: ${signKey} is not named AuthKey_KEYID.p8.`);
  if (teamId === undefined) throw usage('--team-id is missing: which team is the key of?');
  const key = readText('--sign-key', signKey);
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = (seconds: number): string => {
    const text = `${encode({ alg: 'ES256', kid: id })}.${encode({ iss: teamId, iat: seconds })}`;
    try {
      return `bearer ${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
    } catch {
      throw usage(`--sign-key ${signKey} is no P-256 private key in PEM.`);
    }
  };
  let made = -TOKEN_LIFE;
  let current = token(0);
  return (nowMs) => {
    const seconds = Math.floor(nowMs / 1000);
    if (seconds - made >= TOKEN_LIFE) {
      made = seconds;
      current = token(seconds);
    }
    return current;
  };
}

async function identityOf(options: ReplayOptions, lab: Lab | undefined): Promise<{ certificate: string; key: string } | undefined> {
  const { identity } = options;
  if (identity === 'captured') return undefined;
  if (identity === undefined) return lab?.device('phone');
  if (!identity.includes('/') && !identity.endsWith('.pem'))
    return (lab ?? (await Lab.open(options.stateDir ?? stateDirectory()))).device(identity);
  const pair = splitPem(readText('--identity', identity));
  if (pair === undefined) throw usage(`--identity ${identity} must hold a private key and a certificate in PEM.`);
  return pair;
}

async function witnessOf(options: ReplayOptions, url: string): Promise<Witness> {
  if (options.controlToken === undefined) throw usage('--control needs --control-token, as the emulator printed it.');
  const found = /^http:\/\/([^/]+)\/?$/.exec(url);
  if (found === null) throw usage(`--control takes the URL that the emulator printed, such as http://127.0.0.1:2198, not "${url}".`);
  await admit(parseTarget(found[1], '--control'), { allowRemote: [], reallyApple: false }, resolveAll);
  return new Witness(url, options.controlToken);
}

function failures(text: string | undefined): ReadonlySet<Outcome> {
  if (text === undefined) return new Set(FAILURES);
  if (text === 'never') return new Set();
  return new Set(text.split(',').map((name) => choice('--fail-on', name.trim() as Outcome, FAILURES)));
}

function startAt(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const after = text.startsWith('+') ? parseSpan(text.slice(1)) : undefined;
  if (after !== undefined) return REAL_CLOCK.now() + after;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw usage(`--start-at takes a time such as 2026-11-21T18:00:00Z or +30s, not "${text}".`);
  return time;
}

function span(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = parseSpan(text);
  if (value === undefined) throw usage(`${name} takes a time such as 500ms, 2s or 1m, not "${text}".`);
  return value;
}

function positive(name: string, value: number | undefined): number | undefined {
  if (value !== undefined && value < 1) throw usage(`${name} takes a number from 1.`);
  return value;
}

function choice<T extends string>(name: string, value: string, all: readonly T[]): T {
  if (!(all as readonly string[]).includes(value)) throw usage(`${name} takes ${all.join(', ')}, not "${value}".`);
  return value as T;
}

function readBytes(option: string, path: string): Uint8Array {
  if (!existsSync(path)) throw new UserError('replay.file', `${option}: cannot read ${path}: no such file.`);
  return readFileSync(path);
}

function readText(option: string, path: string): string {
  return Buffer.from(readBytes(option, path)).toString('utf8');
}

function usage(message: string): UserError {
  return new UserError('replay.usage', message, EXIT.usage);
}
