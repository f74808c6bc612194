/** Makes certificates and keys. The X.509 library is loaded on first use: most runs of the program need none. */
import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import type { JsonName, X509CertificateGenerator } from '@peculiar/x509';
import { type CertificateTopic, DER_NULL, encodeTopics, OID_DEVELOPMENT, OID_PRODUCTION, OID_TOPICS } from './apple-extensions.ts';

/** PEM texts of a certificate and its PKCS#8 key. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface ProviderOptions {
  /** Bundle id: subject UID and default topic. */
  readonly bundle: string;
  readonly team?: string;
  /** Further topics of extension .6; without any, the certificate serves the bundle id alone. */
  readonly topics?: readonly CertificateTopic[];
  /** Which Apple hosts the certificate is for; both by default, as the universal ones are. */
  readonly environment?: 'development' | 'production' | 'both';
}

const DAY = 86_400_000;
/** Clocks of clients may be behind. */
const BACKDATE = DAY;
/** CA/Browser limit for leaves, which some clients enforce. */
const LEAF_DAYS = 397;
const CA_DAYS = 3650;

const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: Uint8Array.of(1, 0, 1) };

/** Host names that clients of Apple's services check, wild cards included, and the names of this machine's loopback. */
export const SERVER_NAMES = [
  'localhost',
  '*.localhost',
  'host.docker.internal',
  'gateway.push.apple.com',
  'gateway.sandbox.push.apple.com',
  'feedback.push.apple.com',
  'feedback.sandbox.push.apple.com',
  'api.push.apple.com',
  'api.sandbox.push.apple.com',
  'api.development.push.apple.com',
  'api-broadcast.push.apple.com',
  'api-broadcast.sandbox.push.apple.com',
  'api-manage-broadcast.push.apple.com',
  'api-manage-broadcast.sandbox.push.apple.com',
  'courier.push.apple.com',
  'courier.sandbox.push.apple.com',
  '*.push.apple.com',
  '*.sandbox.push.apple.com',
] as const;
export const SERVER_ADDRESSES = ['127.0.0.1', '::1'] as const;

type Library = typeof import('@peculiar/x509');
type Extensions = NonNullable<Parameters<typeof X509CertificateGenerator.create>[0]['extensions']>;

let library: Promise<Library> | undefined;

function load(): Promise<Library> {
  library ??= (async () => {
    await import('reflect-metadata');
    return import('@peculiar/x509');
  })();
  return library;
}

/** A self-signed root that may sign leaves only. */
export async function issueAuthority(now: Date): Promise<KeyPair> {
  const x = await load();
  const keys = await rsa(2048);
  const certificate = await x.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: [{ CN: ['apns-inspect lab CA'] }, { O: ['apns-inspect, for tests on this machine only'] }],
    ...validity(now, CA_DAYS),
    signingAlgorithm: RSA,
    keys,
    extensions: [
      new x.BasicConstraintsExtension(true, 0, true),
      new x.KeyUsagesExtension(x.KeyUsageFlags.keyCertSign | x.KeyUsageFlags.cRLSign, true),
      await x.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem(certificate.toString('pem')), key: await keyPem(keys.privateKey) };
}

/** The certificate of all the emulator's TLS servers. `names` and `addresses` come on top of the built-in ones. */
export async function issueServer(authority: KeyPair, now: Date, names: readonly string[], addresses: readonly string[]): Promise<KeyPair> {
  const x = await load();
  const alternatives = [
    ...[...SERVER_NAMES, ...names].map((value) => ({ type: 'dns' as const, value })),
    ...[...SERVER_ADDRESSES, ...addresses].map((value) => ({ type: 'ip' as const, value })),
  ];
  return issue(
    authority,
    now,
    2048,
    [{ CN: ['localhost'] }],
    [new x.ExtendedKeyUsageExtension([x.ExtendedKeyUsage.serverAuth]), new x.SubjectAlternativeNameExtension(alternatives)],
  );
}

/** A provider's client certificate with Apple's push extensions. */
export async function issueProvider(authority: KeyPair, now: Date, options: ProviderOptions): Promise<KeyPair> {
  const x = await load();
  const environment = options.environment ?? 'both';
  const extensions: Extensions = [new x.ExtendedKeyUsageExtension([x.ExtendedKeyUsage.clientAuth])];
  if (environment !== 'production') extensions.push(new x.Extension(OID_DEVELOPMENT, false, DER_NULL));
  if (environment !== 'development') extensions.push(new x.Extension(OID_PRODUCTION, false, DER_NULL));
  if (options.topics !== undefined && options.topics.length > 0) {
    extensions.push(new x.Extension(OID_TOPICS, false, encodeTopics(options.topics)));
  }
  const name = [{ [UID]: [options.bundle] }, { CN: [`Apple Push Services: ${options.bundle}`] }, { OU: [options.team ?? LAB_TEAM] }];
  return issue(authority, now, 2048, name, extensions);
}

/** A device identity: Connect fields 12 to 14 of the courier, or the TLS client certificate of older devices. 1024 bits, as the 130-byte signatures seen. */
export async function issueDevice(authority: KeyPair, now: Date, name: string): Promise<KeyPair> {
  const x = await load();
  return issue(
    authority,
    now,
    1024,
    [{ CN: [name] }, { OU: ['apns-inspect device'] }],
    [new x.ExtendedKeyUsageExtension([x.ExtendedKeyUsage.clientAuth])],
  );
}

/** userId, RFC 4519: the library knows no short name for it. */
const UID = '0.9.2342.19200300.100.1.1';

/** Team id of all lab keys and certificates: ten characters as Apple's. */
export const LAB_TEAM = 'LABTEAM001';

/** A provider signing key (`.p8`): PKCS#8 PEM of a P-256 private key. */
export async function issueSigningKey(): Promise<string> {
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  return keyPem(keys.privateKey);
}

async function issue(authority: KeyPair, now: Date, bits: number, subject: JsonName, extensions: Extensions): Promise<KeyPair> {
  const x = await load();
  const keys = await rsa(bits);
  const issuer = new x.X509Certificate(authority.certificate);
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    createPrivateKey(authority.key).export({ format: 'der', type: 'pkcs8' }),
    RSA,
    false,
    ['sign'],
  );
  const certificate = await x.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject,
    issuer: issuer.subject,
    ...validity(now, LEAF_DAYS),
    signingAlgorithm: RSA,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x.BasicConstraintsExtension(false, undefined, true),
      new x.KeyUsagesExtension(x.KeyUsageFlags.digitalSignature | x.KeyUsageFlags.keyEncipherment, true),
      await x.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...extensions,
    ],
  });
  return { certificate: pem(certificate.toString('pem')), key: await keyPem(keys.privateKey) };
}

async function rsa(modulusLength: number): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey({ ...RSA, modulusLength }, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ format: 'pem', type: 'pkcs8' }).toString();
}

function pem(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

/** 63 random bits: positive in DER without a leading zero byte. */
function serial(): string {
  const bytes = randomBytes(8);
  bytes[0] = (bytes[0] & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function validity(now: Date, days: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(now.getTime() - BACKDATE), notAfter: new Date(now.getTime() - BACKDATE + days * DAY) };
}
