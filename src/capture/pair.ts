import { EXIT, UserError } from '../core/errors.ts';
import type { Input } from '../core/input.ts';
import { HeaderlessInput, type Side } from './formats/headerless.ts';
import type { Store } from './store.ts';

/**
 * Opens headerless bytes of one connection whose directions the user names: a file with what the client sent, one with what
 * the server sent (as `socat -r` and `-R` write them), or one of the two. There are no times, and the two directions are
 * not ordered against each other. Throws `UserError` when neither is given or one cannot be read.
 */
export function openPair(c2s: string | undefined, s2c: string | undefined, store: Store): Input {
  const sides: Side[] = [];
  if (c2s !== undefined) sides.push({ source: store.addFile(c2s), dir: 0 });
  if (s2c !== undefined) sides.push({ source: store.addFile(s2c), dir: 1 });
  if (sides.length === 0) throw new UserError('input.usage', 'Name at least one file: --c2s FILE, --s2c FILE.', EXIT.usage);
  if (sides.every(({ source }) => source.size === 0))
    throw new UserError('input.empty', `${sides.map(({ source }) => source.name).join(' and ')}: no bytes in there.`);
  return new HeaderlessInput('headerless stream', sides, {
    client: '',
    server: '',
    rolesKnown: true,
    timed: false,
    ordered: sides.length === 1,
    decrypted: false,
    label: `headerless bytes, ${sides.map(({ source }) => source.name).join(' and ')}`,
  });
}
