import { describe, expect, it } from 'vitest';
import { NEW_LOAD, nameFrom, readEvery, requestOf, sourceOf, writeEvery } from './load-form.ts';

describe('the load form', () => {
  it('reads and writes how often', () => {
    expect(readEvery('')).toBeNull();
    expect(['90s', '5m', '1h', '2d'].map(readEvery)).toEqual([90, 300, 3600, 172_800]);
    expect(() => readEvery('soon')).toThrow(/30s/);
    expect([90, 300, 3600, 172_800].map(writeEvery)).toEqual(['90 s', '5 min', '1 h', '2 d']);
  });

  it('sends only what was said', () => {
    expect(sourceOf({ ...NEW_LOAD, uri: ' https://example.org/a.csv ' })).toEqual({
      uri: 'https://example.org/a.csv',
    });
    expect(
      sourceOf({ ...NEW_LOAD, uri: 'postgres://h/d', table: 't', credentials: 'password=env:PW\n' }),
    ).toEqual({
      uri: 'postgres://h/d',
      table: 't',
      credentials: { password: 'env:PW' },
    });
  });

  it('sends a file without a source, and a source with its schedule', () => {
    const file = { digest: 'd', fileName: 'a.csv' };
    expect(requestOf({ ...NEW_LOAD, mode: 'merge', key: 'id, day' }, file)).toEqual({
      file,
      options: { mode: 'merge', key: ['id', 'day'] },
    });
    expect(requestOf({ ...NEW_LOAD, from: 'source', uri: 'u', remember: false, every: '1h' })).toEqual({
      source: { uri: 'u' },
      options: { mode: 'replace' },
      remember: true,
      schedule: { everySeconds: 3600 },
    });
  });

  it('makes a name of a file name', () => {
    expect(nameFrom('Sales Q1 (final).csv.gz')).toBe('sales-q1-final');
  });
});
