import type { Field } from '../core/message.ts';
import { printable } from '../core/text.ts';
import { IDS_COMMANDS, type PayloadFamily } from '../schema/payload-keys.ts';
import { entries } from './tree.ts';

/** Characters of a summary. */
export const SUMMARY_LENGTH = 160;
/** Keys that the summary of an unknown payload names. */
export const NAMED_KEYS = 5;

/** What a push does, in words. */
export const WORDS = {
  badge: 'badge ',
  sound: 'sound',
  contentAvailable: 'background update',
  contentChanged: 'widgets',
  event: 'Live Activity ',
  empty: 'empty push',
} as const;

/** One line about a payload from its fields, printable: what a user would call this push. */
export function summaryOf(family: PayloadFamily, fields: readonly Field[]): string {
  if (family === 'ids') return idsSummary(fields);
  const aps = member(fields, 'aps')?.children;
  if (aps !== undefined) return apsSummary(aps, fields);
  if (fields[0]?.name === '0') return entries(fields.length, 'element', 'elements');
  const names = fields.slice(0, NAMED_KEYS).map((field) => printable(field.name));
  return fields.length > NAMED_KEYS ? `${names.join(', ')}, …` : names.join(', ');
}

function member(fields: readonly Field[] | undefined, name: string): Field | undefined {
  return fields?.find((field) => field.name === name);
}

function words(field: Field | undefined): string | undefined {
  return field === undefined || field.children !== undefined || field.text === '' ? undefined : field.text;
}

function apsSummary(aps: readonly Field[], all: readonly Field[]): string {
  const parts: string[] = [];
  const alert = member(aps, 'alert');
  const text = alert?.children === undefined ? words(alert) : alertText(alert.children);
  if (text !== undefined) parts.push(`“${text}”`);
  const badge = words(member(aps, 'badge'));
  if (badge !== undefined) parts.push(WORDS.badge + badge);
  if (member(aps, 'sound') !== undefined && text === undefined) parts.push(WORDS.sound);
  if (member(aps, 'content-available') !== undefined) parts.push(WORDS.contentAvailable);
  if (member(aps, 'content-changed') !== undefined) parts.push(WORDS.contentChanged);
  const event = words(member(aps, 'event'));
  if (event !== undefined) parts.push(WORDS.event + event);
  if (parts.length > 0) return parts.join(', ');
  const own = all.filter((field) => field.name !== 'aps').map((field) => printable(field.name));
  return own.length === 0 ? WORDS.empty : own.slice(0, NAMED_KEYS).join(', ');
}

function alertText(alert: readonly Field[]): string | undefined {
  const title = words(member(alert, 'title')) ?? words(member(alert, 'title-loc-key'));
  const body = words(member(alert, 'body')) ?? words(member(alert, 'loc-key'));
  return title === undefined || body === undefined ? (title ?? body) : `${title}: ${body}`;
}

function idsSummary(fields: readonly Field[]): string {
  const command = member(fields, 'c');
  const name = IDS_COMMANDS[Number(command?.value)];
  const parts = [name === undefined ? `IDS command ${command?.text}` : `IDS ${name} (${command?.value})`];
  const from = words(member(fields, 'sP'));
  const to = words(member(fields, 'tP'));
  if (from !== undefined || to !== undefined) parts.push(`${from ?? '?'} → ${to ?? '?'}`);
  const status = member(fields, 's');
  if (status !== undefined && status.value !== 0) parts.push(`status ${status.text}`);
  const http = words(member(fields, 'hs'));
  if (http !== undefined) parts.push(`HTTP ${http}`);
  const url = words(member(fields, 'u'));
  if (url !== undefined) parts.push(url);
  return parts.join(', ');
}
