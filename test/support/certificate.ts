import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** A tiny DER writer, independent of the reader under test. */
export function der(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const length =
    body.length < 128
      ? Buffer.from([body.length])
      : body.length < 256
        ? Buffer.from([0x81, body.length])
        : Buffer.from([0x82, body.length >> 8, body.length & 255]);
  return Buffer.concat([Buffer.from([tag]), length, body]);
}

export function oid(dotted: string): Buffer {
  const [a, b, ...rest] = dotted.split('.').map(Number);
  const bytes = [a * 40 + b];
  for (const arc of rest) {
    const parts = [arc & 127];
    for (let n = Math.floor(arc / 128); n > 0; n = Math.floor(n / 128)) parts.unshift((n & 127) | 128);
    bytes.push(...parts);
  }
  return der(0x06, Buffer.from(bytes));
}

export const utf8String = (text: string): Buffer => der(0x0c, Buffer.from(text));
export const utcTime = (text: string): Buffer => der(0x17, Buffer.from(text));

export interface CertificateRecipe {
  readonly commonName: string;
  /** Further name attributes: object identifier and text. */
  readonly attributes?: readonly (readonly [string, string])[];
  /** Object identifier and DER of the value. */
  readonly extensions?: readonly (readonly [string, Uint8Array])[];
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly serial?: Uint8Array;
}

export interface Identity {
  readonly key: KeyObject;
  readonly certificate: Buffer;
  readonly keyPem: string;
  readonly certificatePem: string;
}

/** Keys, and the algorithm that signs SHA-256 with them. */
const KINDS = {
  rsa: { generate: () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, signature: '1.2.840.113549.1.1.11' },
  ec: { generate: () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey, signature: '1.2.840.10045.4.3.2' },
  dsa: {
    generate: () => generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).privateKey,
    signature: '2.16.840.1.101.3.4.3.2',
  },
};

/** A self-signed certificate around a fresh key. */
export function identity(recipe: CertificateRecipe, kind: keyof typeof KINDS = 'rsa'): Identity {
  const privateKey = KINDS[kind].generate();
  const algorithm = der(0x30, oid(KINDS[kind].signature), ...(kind === 'rsa' ? [der(0x05)] : []));
  const attributes = [['2.5.4.3', recipe.commonName] as const, ...(recipe.attributes ?? [])];
  const name = der(0x30, ...attributes.map(([id, text]) => der(0x31, der(0x30, oid(id), utf8String(text)))));
  const extensions = (recipe.extensions ?? []).map(([id, value]) => der(0x30, oid(id), der(0x04, value)));
  const tbs = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, recipe.serial ?? Buffer.from([0x12, 0x34])),
    algorithm,
    name,
    der(0x30, utcTime(recipe.notBefore ?? '200101000000Z'), utcTime(recipe.notAfter ?? '491231235959Z')),
    name,
    createPublicKey(privateKey).export({ format: 'der', type: 'spki' }),
    ...(extensions.length > 0 ? [der(0xa3, der(0x30, ...extensions))] : []),
  );
  const signature = sign('sha256', tbs, privateKey);
  const certificate = der(0x30, tbs, algorithm, der(0x03, Buffer.from([0]), signature));
  const pem = (label: string, bytes: Buffer): string =>
    `-----BEGIN ${label}-----\n${bytes.toString('base64').replace(/(.{64})/g, '$1\n')}\n-----END ${label}-----\n`;
  return {
    key: privateKey,
    certificate,
    keyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    certificatePem: pem('CERTIFICATE', certificate),
  };
}
