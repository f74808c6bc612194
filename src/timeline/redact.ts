import { toHex } from '../core/bytes.ts';
import type { Field, Message } from '../core/message.ts';
import type { Note } from '../core/note.ts';
import { count } from '../core/text.ts';
import { SecretTexts } from './redact-text.ts';

/** A stable name for a secret value: the same value gives the same name. `kind` is its prefix. Injected, because it is keyed. */
export type Pseudonym = (kind: string, value: string) => string;

/** Names of Apple's servers say which service and environment it is, and nothing about the user. */
const PUBLIC_HOST = /(^|\.)apple\.com$/i;

/** A token as part of a path: hex, as long as a short token at least. */
const TOKEN_IN_PATH = /(?<![0-9A-Za-z])[0-9a-fA-F]{16,}(?![0-9A-Za-z])/g;

/** An address of a connection without its port and brackets. */
const hostOf = (endpoint: string): string => endpoint.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');

/**
 * Replaces what must not be shared (tokens, certificates, addresses, payload text) in decoded messages, so that every
 * output that shows messages is redacted at one place. Classes of privacy come from the schema.
 */
export class Redactor {
  private readonly pseudonym: Pseudonym;

  constructor(pseudonym: Pseudonym) {
    this.pseudonym = pseudonym;
  }

  /** "10.0.0.1:5223" → "host-1a2b3c4d:5223": ports stay, they say which service it is. Names of Apple's servers stay too. */
  address(text: string): string {
    const host = hostOf(text);
    if (host === '' || PUBLIC_HOST.test(host)) return text;
    return `${this.pseudonym('host', host)}${/:\d+$/.exec(text)?.[0] ?? ''}`;
  }

  /** The message without its secrets; `ends` are the addresses of its connection, which other fields and notes may name too. */
  message(message: Message, ends: readonly string[]): Message {
    const secrets = this.secrets(message, ends);
    // `contents` and `token` are values of the wire as they were.
    const { contents: _contents, token: _token, ...shown } = message;
    return {
      ...shown,
      fields: message.fields.map((f) => this.field(f, secrets)),
      notes: redactedNotes(message.notes, secrets),
      info: secrets.replace(message.info),
    };
  }

  /** Notes on a message that are kept apart from it: findings of rules over several messages. */
  notes(notes: readonly Note[], message: Message, ends: readonly string[]): readonly Note[] {
    return notes.some((n) => n.detail !== undefined) ? redactedNotes(notes, this.secrets(message, ends)) : notes;
  }

  private secrets(message: Message, ends: readonly string[]): SecretTexts {
    const secrets = new SecretTexts();
    for (const end of ends) secrets.add(hostOf(end), this.address(hostOf(end)));
    this.collect(message.fields, secrets);
    return secrets;
  }

  /** What stands in the place of a value, by its class. */
  private stand(field: Field): string {
    const { value } = field;
    const plain = value instanceof Uint8Array ? toHex(value) : String(value ?? field.text);
    switch (field.privacy) {
      case 'token':
        return this.token(plain);
      case 'identity':
        return this.pseudonym('identity', plain);
      case 'address':
        return this.address(value instanceof Uint8Array ? field.text : plain);
      case 'credential':
        return '‹redacted›';
      default:
        return `‹redacted ${count(value instanceof Uint8Array ? value.length : plain.length, value instanceof Uint8Array ? 'byte' : 'character')}›`;
    }
  }

  /** A path keeps its shape around the token that it holds, so that the same token has the same name everywhere. */
  private token(plain: string): string {
    if (!plain.includes('/')) return this.pseudonym('token', plain);
    const named = plain.replace(TOKEN_IN_PATH, (hex) => this.pseudonym('token', hex.toLowerCase()));
    return named === plain ? this.pseudonym('token', plain) : named;
  }

  /** Every way in which a secret of these fields may stand in other texts. */
  private collect(fields: readonly Field[], into: SecretTexts): void {
    for (const field of fields) {
      if (field.privacy !== undefined) {
        const name = this.stand(field);
        into.add(field.text, name);
        if (field.value instanceof Uint8Array) into.addHex(toHex(field.value), name);
        else if (typeof field.value === 'string') into.addHex(field.value, name);
      }
      if (field.children !== undefined) this.collect(field.children, into);
    }
  }

  private field(field: Field, secrets: SecretTexts): Field {
    if (field.privacy !== undefined) {
      const name = this.stand(field);
      const { payload: _payload, children: _children, ...rest } = field;
      return { ...rest, value: name, text: name };
    }
    const value = typeof field.value === 'string' ? secrets.replace(field.value) : field.value;
    const changed = { ...field, value, text: secrets.replace(field.text) };
    return field.children === undefined ? changed : { ...changed, children: field.children.map((c) => this.field(c, secrets)) };
  }
}

function redactedNotes(notes: readonly Note[], secrets: SecretTexts): Note[] {
  return notes.map((n) => (n.detail === undefined ? n : { ...n, detail: secrets.replace(n.detail) }));
}
