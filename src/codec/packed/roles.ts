import type { Dir } from '../../core/stream.ts';
import { COURIER } from '../../schema/courier.ts';
import { type CommandDef, goes, idIn, type Role } from '../../schema/definition.ts';

/** Codes of the columns that an attribute can fill, for the walk over the bytes. */
export const ROLE_NONE = 0;
export const ROLE_ID = 1;
export const ROLE_TOPIC = 2;
export const ROLE_TOKEN = 3;
export const ROLE_STATUS = 4;

const CODES: Readonly<Record<Role, number>> = { id: ROLE_ID, topic: ROLE_TOPIC, token: ROLE_TOKEN, status: ROLE_STATUS };

/** Offset of a command's 256 attribute ids in `ROLES`. */
export function roleBase(dir: Dir, command: number): number {
  return (dir << 16) | (command << 8);
}

/** Role code by direction, command and attribute id, compiled from the schema; 128 KiB. */
export const ROLES = compileRoles();

function compileRoles(): Uint8Array {
  const roles = new Uint8Array(2 << 16);
  for (const command of Object.values<CommandDef>(COURIER)) {
    for (const dir of [0, 1] as const) {
      if (!goes(command, dir)) continue;
      for (const field of Object.values(command.fields)) {
        const id = idIn(field, dir);
        if (id !== undefined && field.role !== undefined) roles[roleBase(dir, command.id) + id] = CODES[field.role];
      }
    }
  }
  return roles;
}
