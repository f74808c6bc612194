import { describe, expect, it } from 'vitest';
import { aliasFields, allFields } from '../../src/schema/registry.ts';

describe('the registry', () => {
  it('lists each filter name once, with label, type and description', () => {
    const fields = allFields();
    expect(new Set(fields.map((field) => field.filter)).size).toBe(fields.length);
    for (const field of fields) {
      expect(field.filter).toMatch(/^[a-z][a-z0-9_]*(\.[A-Za-z0-9_-]+)*$/);
      expect(field.label).not.toBe('');
      expect(field.type).not.toBe('');
      expect(field.doc).not.toBe('');
      expect(field.dialects.length).toBeGreaterThan(0);
    }
  });

  it('has the shared names and the full ones', () => {
    const byName = new Map(allFields().map((field) => [field.filter, field]));
    for (const name of ['topic', 'token', 'id', 'status', 'expiry', 'timestamp', 'priority', 'payload', 'command', 'dialect']) {
      expect(byName.has(`apns.${name}`), name).toBe(true);
    }
    expect(byName.get('apns.message.expiry')).toMatchObject({ type: 'u32 Unix time, s', unit: 's', alias: 'apns.expiry' });
    expect(byName.get('apns.message.topic')?.dialects).toEqual(['courier', 'courier-packed', 'courier-ios4']);
    expect(byName.get('apns.notification.token')?.dialects).toEqual(['gateway']);
    expect(byName.get('apns.error_response.status')?.names?.[8]).toBe('invalid token');
  });

  it('resolves shared names to the fields that they stand for', () => {
    expect(aliasFields().get('apns.expiry')).toEqual(['apns.message.expiry', 'apns.notification.expiry']);
    expect(aliasFields().get('apns.status')).toContain('apns.error_response.status');
  });
});
