/** An IPv4 address as four bytes, an IPv6 address as sixteen; undefined when the text is neither. */
export function addressBytes(text: string): Uint8Array | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    const parts = text.split('.').map(Number);
    return parts.every((p) => p < 256) ? Uint8Array.from(parts) : undefined;
  }
  if (!/^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/.test(text)) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':').flatMap(words)));
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const all = tail === undefined ? head : [...head, ...new Array<number>(missing).fill(0), ...tail];
  return all.every((w) => w <= 0xffff) ? Uint8Array.from(all.flatMap((w) => [w >>> 8, w & 0xff])) : undefined;
}

/** The 16-bit words of a part between colons; the last part may be an IPv4 address. NaN for anything else. */
function words(part: string): number[] {
  const four = addressBytes(part);
  if (four?.length === 4) return [(four[0] << 8) | four[1], (four[2] << 8) | four[3]];
  return [/^[0-9a-fA-F]{1,4}$/.test(part) ? Number.parseInt(part, 16) : Number.NaN];
}

/** An address or network (`10.0.0.0/8`, `2001:db8::/32`) as a test of other addresses; undefined when the text is neither. */
export function addressTest(text: string): ((address: string) => boolean) | undefined {
  const [base, bits] = text.split('/');
  const wanted = addressBytes(base);
  if (wanted === undefined || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return undefined;
  const length = bits === undefined ? wanted.length * 8 : Number(bits);
  if (length > wanted.length * 8) return undefined;
  return (address) => {
    const found = addressBytes(address);
    if (found?.length !== wanted.length) return false;
    for (let i = 0; i * 8 < length; i++) {
      const mask = 0xff00 >> Math.min(8, length - i * 8);
      if (((found[i] ^ wanted[i]) & mask & 0xff) !== 0) return false;
    }
    return true;
  };
}
