// biome-ignore-all format: one row a line
import { type CommandTable, type FieldDef, PAYLOAD, time, uint } from './definition.ts';

/** Items of a framed notification; commands 0 and 1 carry the same fields without ids, so they keep the ids of the items. */
const token: FieldDef = { id: 1, type: { kind: 'token', length: 32 }, label: 'Device token', doc: '32 bytes in practice; Apple’s text allows up to 100.', source: 'Apple, clients', confidence: 'A', required: true, role: 'token', alias: 'token', privacy: 'token' };
const payload: FieldDef = { id: 2, type: PAYLOAD, label: 'Payload', doc: 'JSON: at most 256 bytes until 2014, 2048 since, 4096 for VoIP.', source: 'Apple, clients', confidence: 'A', required: true, alias: 'payload', privacy: 'content' };
const identifier: FieldDef = { id: 3, type: uint(4), label: 'Identifier', doc: 'Chosen by the provider and returned in an error. Unique only within one connection: some clients start again at 0.', source: 'Apple, clients', confidence: 'A', role: 'id', alias: 'id' };
const expiry: FieldDef = { id: 4, type: time(4, 's'), label: 'Expiration', doc: 'When the push loses its use; 0 asks the service not to store it.', source: 'Apple', confidence: 'A', names: { 0: 'do not store' }, alias: 'expiry' };
const priority: FieldDef = { id: 5, type: uint(1), label: 'Priority', doc: 'Commands 0 and 1 imply 10. 10 with only content-available is an error.', source: 'Apple', confidence: 'A', names: { 10: 'immediately', 5: 'power saving' }, alias: 'priority' };

/** The provider’s binary interface (2009 to 2021): notifications to the gateway and its one answer, the error packet. All numbers are big-endian. */
export const GATEWAY = {
  simple_notification: {
    id: 0,
    label: 'Notification (simple)',
    direction: 'c2s',
    space: 'notification',
    doc: 'Command 0, 2009: u16 token length, token, u16 payload length, payload. Has no identifier, so a refusal cannot name it; before 2010 the server only closed.',
    source: 'Apple, clients',
    confidence: 'A',
    summary: ['no id'],
    layouts: [[{ field: 'token', prefix: 2 }, { field: 'payload', prefix: 2 }]],
    fields: { token, payload },
  },
  enhanced_notification: {
    id: 1,
    label: 'Notification (enhanced)',
    direction: 'c2s',
    space: 'notification',
    doc: 'Command 1, 2010: u32 identifier, u32 expiration, then as command 0.',
    source: 'Apple, clients',
    confidence: 'A',
    summary: ['id {identifier}', 'expires {expiry}'],
    layouts: [[{ field: 'identifier', take: 4 }, { field: 'expiry', take: 4 }, { field: 'token', prefix: 2 }, { field: 'payload', prefix: 2 }]],
    fields: { identifier, expiry, token, payload },
  },
  notification: {
    id: 2,
    label: 'Notification',
    direction: 'c2s',
    doc: 'Command 2, 2013: u32 frame length, then items of u8 id, u16 length, value. One notification a frame. Clients write items 1, 2, 3, 4, 5 in this order and leave out 4 when 0 and 5 when 10.',
    source: 'Apple, clients',
    confidence: 'A',
    summary: ['id {identifier}', 'expires {expiry}', 'priority {priority}'],
    fields: { token, payload, identifier, expiry, priority },
  },
  error_response: {
    id: 8,
    label: 'Error response',
    direction: 's2c',
    doc: 'Six bytes, then the server closes. Everything that the provider wrote after the named notification is thrown away. Success has no answer.',
    source: 'Apple, clients',
    confidence: 'A',
    summary: ['{status}', 'id {identifier}'],
    layouts: [[{ field: 'status', take: 1 }, { field: 'identifier', take: 4 }]],
    fields: {
      status: {
        id: 1,
        type: uint(1),
        label: 'Status',
        doc: 'Why the connection closes. 9, 11 to 127 and 129 to 254 were never documented; codes from 512 are made up by client libraries and not on the wire.',
        source: 'Apple, clients',
        confidence: 'A',
        role: 'status',
        alias: 'status',
        names: { 0: 'no errors encountered', 1: 'processing error', 2: 'missing device token', 3: 'missing topic', 4: 'missing payload', 5: 'invalid token size', 6: 'invalid topic size', 7: 'invalid payload size', 8: 'invalid token', 10: 'shutdown', 128: 'protocol error', 255: 'none (unknown)' },
      },
      identifier: { id: 2, type: uint(4), label: 'Identifier', doc: 'The notification that was refused; with status 10 the last one that went through.', source: 'Apple', confidence: 'A', role: 'id', alias: 'id' },
    },
  },
} as const satisfies CommandTable;
