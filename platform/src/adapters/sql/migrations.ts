import type { Kysely } from 'kysely';
import type { Database } from './schema.ts';
import type { TableSpec } from './tables.ts';
import { TABLES_1 } from './tables-1.ts';
import { TABLES_2 } from './tables-2.ts';

/** Forward only: a released entry is never edited, a change is a new entry. */
const MIGRATIONS: readonly (readonly TableSpec[])[] = [TABLES_1, TABLES_2];

/** Brings the database to the newest version, each step in a transaction. Older programs refuse a newer database. */
export async function migrate(db: Kysely<Database>, now: number): Promise<void> {
  await db.schema
    .createTable('slipway_migrations')
    .ifNotExists()
    .addColumn('version', 'bigint', (column) => column.primaryKey())
    .addColumn('applied_at', 'bigint', (column) => column.notNull())
    .execute();
  const row = await db
    .selectFrom('slipway_migrations')
    .select((eb) => eb.fn.max('version').as('version'))
    .executeTakeFirst();
  const applied = Number(row?.version ?? 0);
  if (applied > MIGRATIONS.length) {
    throw new Error(
      `the database has version ${applied}, this program knows ${MIGRATIONS.length}: use a newer Slipway`,
    );
  }
  for (let version = applied + 1; version <= MIGRATIONS.length; version++) {
    await db.transaction().execute(async (tx) => {
      for (const table of MIGRATIONS[version - 1]!) await createTable(tx, table);
      await tx.insertInto('slipway_migrations').values({ version, applied_at: now }).execute();
    });
  }
}

async function createTable(tx: Kysely<Database>, spec: TableSpec): Promise<void> {
  let builder = tx.schema.createTable(spec.name).addColumn('project', 'text', (column) => column.notNull());
  for (const [name, type, nullable] of spec.columns) {
    builder = builder.addColumn(name, type, (column) => (nullable === 'null' ? column : column.notNull()));
  }
  await builder.addPrimaryKeyConstraint(`${spec.name}_pk`, ['project', ...spec.key] as never).execute();
  for (const columns of spec.indexes ?? []) {
    await tx.schema
      .createIndex(`${spec.name}_by_${columns.join('_')}`)
      .on(spec.name)
      .columns(['project', ...columns])
      .execute();
  }
}
