import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { openSqlStores } from '../../platform/src/adapters/sql/index.ts';
import { systemClock } from '../../platform/src/kernel/clock.ts';
import { storesContract } from './stores.contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-sql-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const options = { clock: systemClock, project: 'default' };

storesContract('SQLite', () => openSqlStores({ kind: 'sqlite', path: join(folder, 'contract.db') }, options));

const url = process.env['SLIPWAY_TEST_DATABASE_URL'];
if (url === undefined) {
  console.log('Postgres: skipped, SLIPWAY_TEST_DATABASE_URL is not set (npm test sets it)');
} else {
  const schema = `slipway_test_${process.pid}_${Date.now()}`;
  storesContract('Postgres', () => openSqlStores({ kind: 'postgres', url, schema }, options));
  afterAll(async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await client.end();
  });

  it('lets only one server own a Postgres schema', async () => {
    const own = `${schema}_owner`;
    const first = await openSqlStores({ kind: 'postgres', url, schema: own }, options);
    await expect(openSqlStores({ kind: 'postgres', url, schema: own }, options)).rejects.toMatchObject({
      code: 'HOME_IN_USE',
    });
    await first.close();
    const second = await openSqlStores({ kind: 'postgres', url, schema: own }, options);
    await second.close();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(`DROP SCHEMA ${own} CASCADE`);
    await client.end();
  });
}

describe('a SQLite home', () => {
  it('has one owner', async () => {
    const path = join(folder, 'owned.db');
    const first = await openSqlStores({ kind: 'sqlite', path }, options);
    await expect(openSqlStores({ kind: 'sqlite', path }, options)).rejects.toMatchObject({
      code: 'HOME_IN_USE',
    });
    await first.close();
  });

  it('says so when the file is no database', async () => {
    const path = join(folder, 'broken.db');
    writeFileSync(
      path,
      'this is not a database, but it is long enough to look at its header and refuse it'.repeat(20),
    );
    await expect(openSqlStores({ kind: 'sqlite', path }, options)).rejects.toMatchObject({
      code: 'DATABASE_UNREADABLE',
    });
  });
});
