/**
 * Who is connecting: certificate, nonce and signature of a Connect (fields 12 to 14).
 * Nonce: 00, u64 big-endian milliseconds, 8 random bytes. Signature: 01 01, then RSASSA-PKCS1-v1_5 with SHA-1 over the nonce.
 * Source: the protocol notes of pypush, rustpush and Apple's client; the server's limit of a nonce's age is unknown, 240 s
 * is what Apple's client takes for expired.
 */
import { createHash, sign, verify, X509Certificate } from 'node:crypto';

export const NONCE_LENGTH = 17;
export const NONCE_WINDOW_MS = 240_000;
const SCHEME = Uint8Array.of(1, 1);

export type PresenceCheck =
  | { readonly ok: true; readonly identity: string }
  /** `time`: the nonce is well signed but off by too much; the server then tells its time. */
  | { readonly ok: false; readonly why: 'no signature' | 'certificate' | 'nonce' | 'signature' | 'time' };

/** Checks the three fields of a Connect. `nowMs`: the emulator's time. */
export function checkPresence(
  certificate: Uint8Array | undefined,
  nonce: Uint8Array | undefined,
  signature: Uint8Array | undefined,
  nowMs: number,
): PresenceCheck {
  if (certificate === undefined || nonce === undefined || signature === undefined) return { ok: false, why: 'no signature' };
  if (nonce.length !== NONCE_LENGTH || nonce[0] !== 0) return { ok: false, why: 'nonce' };
  let identity: string;
  try {
    const { publicKey } = new X509Certificate(certificate);
    const good =
      signature.length > SCHEME.length &&
      signature[0] === SCHEME[0] &&
      signature[1] === SCHEME[1] &&
      verify('RSA-SHA1', nonce, publicKey, signature.subarray(SCHEME.length));
    if (!good) return { ok: false, why: 'signature' };
    identity = createHash('sha256')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest('hex');
  } catch {
    return { ok: false, why: 'certificate' };
  }
  const time = Number(new DataView(nonce.buffer, nonce.byteOffset).getBigUint64(1));
  return Math.abs(time - nowMs) <= NONCE_WINDOW_MS ? { ok: true, identity } : { ok: false, why: 'time' };
}

/** A nonce and its signature, as a device sends them. `key`: PEM; `random`: 8 bytes. */
export function signPresence(
  key: string,
  nowMs: number,
  random: Uint8Array,
): { readonly nonce: Uint8Array; readonly signature: Uint8Array } {
  const nonce = new Uint8Array(NONCE_LENGTH);
  new DataView(nonce.buffer).setBigUint64(1, BigInt(Math.floor(nowMs)));
  nonce.set(random.subarray(0, 8), 9);
  return { nonce, signature: Uint8Array.from([...SCHEME, ...sign('RSA-SHA1', nonce, key)]) };
}
