import { toHex } from '../core/bytes.ts';
import type { Field, Message } from '../core/message.ts';
import { count, shortHex } from '../core/text.ts';

/** A stable name for a secret value: the same value gives the same name. `kind` is its prefix. Injected, because it is keyed. */
export type Pseudonym = (kind: string, value: string) => string;

/**
 * Replaces what must not be shared (tokens, certificates, addresses, payload text) in decoded messages, so that every
 * output that shows messages is redacted at one place. Classes of privacy come from the schema.
 */
export class Redactor {
  private readonly pseudonym: Pseudonym;

  constructor(pseudonym: Pseudonym) {
    this.pseudonym = pseudonym;
  }

  /** "10.0.0.1:5223" → "host-1a2b3c4d:5223": ports stay, they say which service it is. */
  address(text: string): string {
    const match = /^(.*):(\d+)$/.exec(text);
    const host = match === null ? text : match[1];
    if (host === '') return text;
    return `${this.pseudonym('host', host.replace(/^\[|\]$/g, ''))}${match === null ? '' : `:${match[2]}`}`;
  }

  message(message: Message): Message {
    const secrets = new Map<string, string>();
    this.collect(message.fields, secrets);
    const replace = (text: string): string => {
      let out = text;
      for (const [secret, name] of secrets) if (secret.length >= 4) out = out.replaceAll(secret, name);
      return out;
    };
    const notes = message.notes.map((n) => (n.detail === undefined ? n : { ...n, detail: replace(n.detail) }));
    // `contents` and `token` are values of the wire as they were.
    const { contents: _contents, token: _token, ...shown } = message;
    return { ...shown, fields: message.fields.map((f) => this.field(f, replace)), notes, info: replace(message.info) };
  }

  /** What stands in the place of a value, by its class. */
  private stand(field: Field): string {
    const { value } = field;
    const plain = value instanceof Uint8Array ? toHex(value) : String(value ?? field.text);
    switch (field.privacy) {
      case 'token':
        return this.pseudonym('token', plain);
      case 'identity':
        return this.pseudonym('identity', plain);
      case 'address':
        return this.pseudonym('host', plain);
      case 'credential':
        return '‹redacted›';
      default:
        return `‹redacted ${count(value instanceof Uint8Array ? value.length : plain.length, value instanceof Uint8Array ? 'byte' : 'character')}›`;
    }
  }

  /** Every way in which a secret of these fields may stand in other texts (info lines, paths, notes). */
  private collect(fields: readonly Field[], into: Map<string, string>): void {
    for (const field of fields) {
      if (field.privacy !== undefined) {
        const name = this.stand(field);
        if (field.value instanceof Uint8Array) {
          const hex = toHex(field.value);
          into.set(hex, name);
          into.set(hex.toUpperCase(), name);
          into.set(shortHex(hex), name);
        } else if (typeof field.value === 'string') {
          into.set(field.value, name);
          into.set(shortHex(field.value), name);
        }
        into.set(field.text, name);
      }
      if (field.children !== undefined) this.collect(field.children, into);
    }
  }

  private field(field: Field, replace: (text: string) => string): Field {
    if (field.privacy !== undefined) {
      const name = this.stand(field);
      const { payload: _payload, children: _children, ...rest } = field;
      return { ...rest, value: name, text: name };
    }
    const value = typeof field.value === 'string' ? replace(field.value) : field.value;
    const changed = { ...field, value, text: replace(field.text) };
    return field.children === undefined ? changed : { ...changed, children: field.children.map((c) => this.field(c, replace)) };
  }
}
