/**
 * The lab: a directory with the emulator's own CA and everything signed by it, made once and kept.
 *
 * Files: `ca.pem`, `ca.key`, `server.pem`, `AuthKey_<kid>.p8`, `provider-<bundle>.pem`, `device-<name>.pem`.
 * Keys are readable by the user only. A client certificate's `.pem` holds key and certificate, as clients of push services expect it.
 */
import { createHash, createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, platform } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../core/errors.ts';
import {
  issueAuthority,
  issueDevice,
  issueProvider,
  issueServer,
  issueSigningKey,
  type KeyPair,
  LAB_TEAM,
  type ProviderOptions,
} from './issue.ts';

export interface SigningKey {
  /** Ten characters, the key id of provider tokens. */
  readonly keyId: string;
  readonly teamId: string;
  /** PKCS#8 PEM. */
  readonly key: string;
  readonly path: string;
}

export interface LabFile extends KeyPair {
  readonly path: string;
}

/** The user's state directory: `$XDG_STATE_HOME`, else `~/.local/state` (`%LOCALAPPDATA%` on Windows). */
export function stateDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const base = env['XDG_STATE_HOME'] || (platform() === 'win32' && env['LOCALAPPDATA']) || join(homedir(), '.local', 'state');
  return join(base, 'apns-inspect', 'lab');
}

/** Writing two files takes milliseconds; a lock that is older was left behind. */
const LOCK_MS = 3_000;
const LOCK_STEP_MS = 50;
/** Renew the server certificate when less than this is left. */
const RENEW_BEFORE = 30 * 86_400_000;

export class Lab {
  readonly directory: string;
  readonly authority: KeyPair;
  private readonly now: () => Date;

  private constructor(directory: string, authority: KeyPair, now: () => Date) {
    this.directory = directory;
    this.authority = authority;
    this.now = now;
  }

  /** Opens the lab of a directory, making the directory and the CA when they are missing. Throws `UserError` when it cannot be written. */
  static async open(directory: string, now: () => Date = () => new Date()): Promise<Lab> {
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const kept = await authorityOf(directory);
      if (kept !== undefined) return new Lab(directory, kept, now);
      const authority = await issueAuthority(now());
      // Emulators that start together must agree on one CA: whoever makes the lock first writes it, the others wait for it.
      const lock = join(directory, 'ca.lock');
      const mine = await writeFile(lock, '', { flag: 'wx' }).then(
        () => true,
        () => false,
      );
      if (!mine) {
        const other = await appearing(directory);
        if (other !== undefined) return new Lab(directory, other, now);
      }
      await keep(join(directory, 'ca.key'), authority.key, 0o600);
      await keep(join(directory, 'ca.pem'), authority.certificate, 0o644);
      await rm(lock, { force: true });
      return new Lab(directory, authority, now);
    } catch (error) {
      throw labError(directory, error);
    }
  }

  get caPath(): string {
    return join(this.directory, 'ca.pem');
  }

  /** The server's certificate, renewed when it nears its end or lacks one of the extra names. */
  async server(names: readonly string[] = [], addresses: readonly string[] = []): Promise<KeyPair> {
    const path = join(this.directory, 'server.pem');
    const text = await readFile(path, 'utf8').catch(missing);
    const kept = text === undefined ? undefined : splitPem(text);
    if (kept !== undefined && this.stillGood(kept.certificate, names, addresses)) return kept;
    const made = await issueServer(this.authority, this.now(), names, addresses);
    await keep(path, made.key + made.certificate, 0o600);
    return made;
  }

  /** The lab's provider signing key; the first one found, or a new one. */
  async signingKey(): Promise<SigningKey> {
    const found = (await readdir(this.directory)).sort().find((name) => /^AuthKey_[A-Z0-9]{10}\.p8$/.test(name));
    if (found !== undefined) {
      const path = join(this.directory, found);
      return { keyId: found.slice(8, 18), teamId: LAB_TEAM, key: await readFile(path, 'utf8'), path };
    }
    const key = await issueSigningKey();
    const der = createPublicKey(createPrivateKey(key)).export({ format: 'der', type: 'spki' });
    const keyId = createHash('sha256').update(der).digest('hex').slice(0, 10).toUpperCase();
    const path = join(this.directory, `AuthKey_${keyId}.p8`);
    await keep(path, key, 0o600);
    // Another emulator may have made one at the same time: all take the same.
    return this.signingKey();
  }

  /** A provider certificate for a bundle id, kept for the next time. */
  provider(options: ProviderOptions): Promise<LabFile> {
    const suffix = options.environment === undefined || options.environment === 'both' ? '' : `-${options.environment}`;
    return this.client(`provider-${options.bundle}${suffix}`, () => issueProvider(this.authority, this.now(), options));
  }

  /** A device identity by name, kept so that the device keeps its token. */
  device(name: string): Promise<LabFile> {
    return this.client(`device-${name}`, () => issueDevice(this.authority, this.now(), name));
  }

  private async client(name: string, make: () => Promise<KeyPair>): Promise<LabFile> {
    const path = join(this.directory, `${name.replace(/[^A-Za-z0-9._-]/g, '_')}.pem`);
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) {
      const kept = splitPem(text);
      if (kept !== undefined && this.stillGood(kept.certificate, [], [])) return { ...kept, path };
    }
    const made = await make();
    await keep(path, made.key + made.certificate, 0o600);
    return { ...made, path };
  }

  private stillGood(certificate: string, names: readonly string[], addresses: readonly string[]): boolean {
    try {
      const parsed = new X509Certificate(certificate);
      const left = Date.parse(parsed.validTo) - this.now().getTime();
      return (
        left > RENEW_BEFORE &&
        parsed.verify(createPublicKey(this.authority.certificate)) &&
        names.every((name) => parsed.checkHost(name) !== undefined) &&
        addresses.every((address) => parsed.checkIP(address) !== undefined)
      );
    } catch {
      return false;
    }
  }
}

/** Key and certificate of a PEM text that holds both, in any order; undefined when one is missing. */
export function splitPem(text: string): KeyPair | undefined {
  const key = /-----BEGIN ([A-Z ]*)PRIVATE KEY-----[\s\S]*?-----END \1PRIVATE KEY-----/.exec(text);
  const certificate = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/.exec(text);
  return key && certificate ? { key: `${key[0]}\n`, certificate: `${certificate[0]}\n` } : undefined;
}

/** The CA of a directory, when certificate and key are there and fit together. */
async function authorityOf(directory: string): Promise<KeyPair | undefined> {
  const [certificate, key] = await Promise.all([
    readFile(join(directory, 'ca.pem'), 'utf8').catch(missing),
    readFile(join(directory, 'ca.key'), 'utf8').catch(missing),
  ]);
  if (!certificate || !key) return undefined;
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)) ? { certificate, key } : undefined;
  } catch {
    return undefined;
  }
}

/** Waits for the CA that another process is making; undefined when it does not come: its maker died. */
async function appearing(directory: string): Promise<KeyPair | undefined> {
  for (let waited = 0; waited < LOCK_MS; waited += LOCK_STEP_MS) {
    const found = await authorityOf(directory);
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, LOCK_STEP_MS));
  }
  return undefined;
}

function missing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}

/** Written beside and renamed, so that two emulators starting together never read half a file. */
async function keep(path: string, text: string, mode: number): Promise<void> {
  const beside = `${path}.${process.pid}`;
  await writeFile(beside, text, { mode });
  await chmod(beside, mode);
  await rename(beside, path);
}

function labError(directory: string, error: unknown): Error {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === undefined || error instanceof UserError) return error as Error;
  return new UserError('emulator.lab', `Cannot keep certificates in ${directory} (${code}): give another directory with --state-dir.`);
}
