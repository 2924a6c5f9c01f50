import { mkdirSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixedRoot, globPattern } from '../../platform/src/adapters/sources/glob.ts';
import { createSources } from '../../platform/src/adapters/sources/index.ts';
import { type FeedingHarness, openFeedingHarness } from '../feeding-harness.ts';
import { expectBooks } from './books.ts';

let h: FeedingHarness;
beforeAll(async () => {
  h = await openFeedingHarness();
});
afterAll(() => h.close());

describe('kinds of sources', () => {
  it('names those there are when a URI has another', () => {
    for (const uri of ['ftp://host/file', 'FILE:///etc/passwd', 'data.csv']) {
      expect(() => createSources()(uri)).toThrowError(
        expect.objectContaining({ code: 'SOURCE_KIND_UNKNOWN', fix: expect.stringContaining('file:') }),
      );
    }
  });
});

describe('patterns', () => {
  it.each([
    ['/d/*.csv', ['/d/a.csv', '/d/b.csv'], ['/d/e/a.csv', '/d/.a.csv', '/d/a.csv.gz']],
    ['/d/**/*.csv', ['/d/a.csv', '/d/e/a.csv', '/d/e/f/a.csv'], ['/d/.e/a.csv', '/c/a.csv']],
    ['/d/a?c(1)+.csv', ['/d/abc(1)+.csv'], ['/d/ac(1)+.csv', '/d/a/c(1)+.csv']],
    ['/d/**', ['/d/a', '/d/e/a'], ['/d/e/.a', '/d/']],
    ['/d/year=*/*.parquet', ['/d/year=2024/1.parquet'], ['/d/year=2024/month=1/1.parquet']],
  ])('%s', (pattern, matching, others) => {
    for (const path of matching) expect(path).toMatch(globPattern(pattern));
    for (const path of others) expect(path).not.toMatch(globPattern(pattern));
  });

  it('begin at the last folder without a wildcard', () => {
    expect(fixedRoot('/data/in/*.csv')).toBe('/data/in/');
    expect(fixedRoot('/data/in/year=*/**')).toBe('/data/in/');
  });
});

describe('files', () => {
  it('loads one by its path and by its URI', async () => {
    const path = h.write('one file.csv', 'id,name\n1,ä\n2,b\n');
    await h.loadFrom('by_path', { uri: path });
    await h.loadFrom('by_uri', { uri: `file://${encodeURI(path)}` });
    for (const dataset of ['by_path', 'by_uri']) {
      await expectBooks(h, dataset, { sourceRows: 2 });
      expect(await h.query(`SELECT * FROM ${dataset}`)).toEqual([
        [1, 'ä'],
        [2, 'b'],
      ]);
    }
  });

  it('loads what a pattern matches in the order of paths, without hidden files and links that lead outside', async () => {
    const outside = h.write('outside.csv', 'id,part\n99,outside\n');
    const folder = join(h.folder, 'tree');
    for (const sub of ['', 'b', 'b/c', '.hidden']) mkdirSync(join(folder, sub), { recursive: true });
    h.write('tree/b/2.csv', 'id,part\n2,b\n');
    h.write('tree/1.csv', 'id,part\n1,root\n');
    h.write('tree/b/c/3.csv', 'id,part\n3,c\n');
    h.write('tree/.4.csv', 'id,part\n4,hidden\n');
    h.write('tree/.hidden/5.csv', 'id,part\n5,hidden\n');
    h.write('tree/6.txt', 'id,part\n6,other\n');
    symlinkSync(outside, join(folder, '7.csv'));
    symlinkSync(join(folder, '1.csv'), join(folder, 'b/8.csv'));
    symlinkSync(folder, join(folder, 'b/round'));
    await h.loadFrom('tree', { uri: `${folder}/**/*.csv` });
    await expectBooks(h, 'tree', { sourceRows: 4 });
    expect(await h.query('SELECT id, part FROM tree')).toEqual([
      [1, 'root'],
      [2, 'b'],
      [1, 'root'],
      [3, 'c'],
    ]);
  });

  it('reads on with what is new or changed, and makes no version when nothing is', async () => {
    mkdirSync(join(h.folder, 'growing'));
    h.write('growing/1.csv', 'id\n1\n');
    const spec = { uri: join(h.folder, 'growing/*.csv') };
    expect(await h.loadFrom('growing', spec, { mode: 'append' })).toBe(1);
    expect(await h.loadFrom('growing', spec, { mode: 'append' })).toBe(1);
    h.write('growing/2.csv', 'id\n2\n');
    expect(await h.loadFrom('growing', spec, { mode: 'append' })).toBe(2);
    utimesSync(h.write('growing/1.csv', 'id\n3\n'), 1, 1);
    expect(await h.loadFrom('growing', spec, { mode: 'append' })).toBe(3);
    expect(await h.query('SELECT id FROM growing')).toEqual([[1], [2], [3]]);
    // A load that replaces everything reads everything.
    expect(await h.loadFrom('growing', spec, { mode: 'replace' })).toBe(4);
    expect(await h.query('SELECT id FROM growing')).toEqual([[3], [2]]);
  });

  it('says what is wrong with a path', async () => {
    h.write('customers.csv', 'a\n1\n');
    const load = (uri: string) => h.loadFrom('none', { uri });
    await expect(load(join(h.folder, 'custmers.csv'))).rejects.toMatchObject({
      code: 'SOURCE_NOT_FOUND',
      fix: "Did you mean 'customers.csv'?",
    });
    await expect(load(join(h.folder, '*.nothing'))).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    await expect(load(h.folder)).rejects.toMatchObject({
      code: 'SOURCE_UNREADABLE',
      fix: expect.stringContaining('*.csv'),
    });
    await expect(load('file://elsewhere/data.csv')).rejects.toMatchObject({ code: 'USAGE' });
  });
});
