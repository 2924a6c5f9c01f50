import type { DataRecord, RecordStore, SecretStore } from '../../feeding/ports.ts';
import { inTx, type SqlContext } from './connection.ts';
import type { Database } from './schema.ts';

/** Small documents of data sets. Each kind is written by one file of the feeding room, which knows its shape. */
export function createRecordStore({ db, project }: SqlContext): RecordStore {
  return {
    get: async <T>(kind: string, dataset: string, name: string) => {
      const row = await db
        .selectFrom('data_records')
        .selectAll()
        .where('project', '=', project)
        .where('kind', '=', kind)
        .where('dataset', '=', dataset)
        .where('name', '=', name)
        .executeTakeFirst();
      return row === undefined ? undefined : recordOf<T>(row);
    },
    list: async <T>(kind: string, dataset?: string) => {
      let select = db
        .selectFrom('data_records')
        .selectAll()
        .where('project', '=', project)
        .where('kind', '=', kind);
      if (dataset !== undefined) select = select.where('dataset', '=', dataset);
      const rows = await select.orderBy('created_at').orderBy('name').execute();
      return rows.map((row) => recordOf<T>(row));
    },
    put: async (tx, kind, { dataset, name, body, at }) => {
      const changed = { updated_at: at, body: JSON.stringify(body) };
      await inTx(tx)
        .insertInto('data_records')
        .values({ project, kind, dataset, name, created_at: at, ...changed })
        .onConflict((conflict) =>
          conflict.columns(['project', 'kind', 'dataset', 'name']).doUpdateSet(changed),
        )
        .execute();
    },
    remove: async (tx, kind, dataset, name) => {
      await inTx(tx)
        .deleteFrom('data_records')
        .where('project', '=', project)
        .where('kind', '=', kind)
        .where('dataset', '=', dataset)
        .where('name', '=', name)
        .execute();
    },
  };
}

function recordOf<T>(row: Database['data_records']): DataRecord<T> {
  return {
    dataset: row.dataset,
    name: row.name,
    body: JSON.parse(row.body) as T,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export function createSecretStore({ db, project }: SqlContext): SecretStore {
  return {
    names: async () => {
      const rows = await db
        .selectFrom('secrets')
        .select(['name', 'updated_at'])
        .where('project', '=', project)
        .orderBy('name')
        .execute();
      return rows.map((row) => ({ name: row.name, updatedAt: row.updated_at }));
    },
    get: async (name) =>
      (
        await db
          .selectFrom('secrets')
          .select('sealed')
          .where('project', '=', project)
          .where('name', '=', name)
          .executeTakeFirst()
      )?.sealed,
    put: async (tx, { name, sealed, at }) => {
      await inTx(tx)
        .insertInto('secrets')
        .values({ project, name, sealed, updated_at: at })
        .onConflict((conflict) =>
          conflict.columns(['project', 'name']).doUpdateSet({ sealed, updated_at: at }),
        )
        .execute();
    },
    remove: async (tx, name) => {
      const result = await inTx(tx)
        .deleteFrom('secrets')
        .where('project', '=', project)
        .where('name', '=', name)
        .executeTakeFirst();
      return Number(result.numDeletedRows) > 0;
    },
  };
}
