import type { DatasetSummary } from '../../contracts/datasets.ts';
import type { DatasetStore } from '../../feeding/ports.ts';
import type { SnapshotManifest, SnapshotRow } from '../../feeding/types.ts';
import { inTx, type SqlContext } from './connection.ts';
import { pageLimit, pageOf, readCursor } from './paging.ts';
import type { Database } from './schema.ts';

export function createDatasetStore({ db, project }: SqlContext): DatasetStore {
  return {
    insertSnapshot: async (tx, { id, manifest, createdAt }) => {
      const handle = inTx(tx);
      const name = manifest.dataset;
      const known = await handle
        .selectFrom('datasets')
        .selectAll()
        .where('project', '=', project)
        .where('name', '=', name)
        .executeTakeFirst();
      if (known?.snapshot === id)
        return { id, dataset: name, version: known.version, manifest, createdAt: known.updated_at };
      const version = (known?.version ?? 0) + 1;
      await handle
        .insertInto('snapshots')
        .values({
          project,
          dataset: name,
          version,
          id,
          manifest: JSON.stringify(manifest),
          created_at: createdAt,
        })
        .execute();
      const facts = factsOf(id, manifest);
      await handle
        .insertInto('datasets')
        .values({ project, name, version, created_at: createdAt, updated_at: createdAt, ...facts })
        .onConflict((conflict) =>
          conflict.columns(['project', 'name']).doUpdateSet({ version, updated_at: createdAt, ...facts }),
        )
        .execute();
      return { id, dataset: name, version, manifest, createdAt };
    },
    list: async (query) => {
      const cursor = readCursor(query.cursor);
      const limit = pageLimit(query.limit);
      let select = db.selectFrom('datasets').selectAll().where('project', '=', project);
      if (cursor !== undefined) {
        select = select.where((eb) =>
          eb.or([
            eb('updated_at', '<', cursor.at),
            eb.and([eb('updated_at', '=', cursor.at), eb('name', '<', cursor.id)]),
          ]),
        );
      }
      const rows = await select
        .orderBy('updated_at', 'desc')
        .orderBy('name', 'desc')
        .limit(limit + 1)
        .execute();
      return pageOf(rows, limit, { item: summary, cursor: (row) => ({ at: row.updated_at, id: row.name }) });
    },
    find: async (name) => {
      const row = await db
        .selectFrom('datasets')
        .selectAll()
        .where('project', '=', project)
        .where('name', '=', name)
        .executeTakeFirst();
      return row === undefined ? undefined : summary(row);
    },
    names: async () =>
      (await db.selectFrom('datasets').select('name').where('project', '=', project).execute()).map(
        (row) => row.name,
      ),
    snapshots: async (name) => {
      const rows = await db
        .selectFrom('snapshots')
        .selectAll()
        .where('project', '=', project)
        .where('dataset', '=', name)
        .orderBy('version', 'desc')
        .execute();
      return rows.map(snapshotRow);
    },
    snapshotById: async (id) => {
      const row = await db
        .selectFrom('snapshots')
        .selectAll()
        .where('project', '=', project)
        .where('id', '=', id)
        .orderBy('version', 'desc')
        .executeTakeFirst();
      return row === undefined ? undefined : snapshotRow(row);
    },
    usedBy: async (name) =>
      db
        .selectFrom('versions')
        .select(['snapshot', 'model', 'version'])
        .where('project', '=', project)
        .where('dataset', '=', name)
        .orderBy('model')
        .orderBy('version')
        .execute(),
    remove: async (tx, name) => {
      await inTx(tx)
        .deleteFrom('snapshots')
        .where('project', '=', project)
        .where('dataset', '=', name)
        .execute();
      await inTx(tx).deleteFrom('datasets').where('project', '=', project).where('name', '=', name).execute();
    },
  };
}

function factsOf(id: string, manifest: SnapshotManifest) {
  return {
    snapshot: id,
    rows: manifest.rows,
    quarantined: manifest.quarantined,
    columns: manifest.schema.columns.length,
    bytes: manifest.parts.reduce((sum, part) => sum + part.bytes, 0),
    source: manifest.source.uri,
  };
}

function summary(row: Database['datasets']): DatasetSummary {
  const { name, version, snapshot, rows, quarantined, columns, bytes, source } = row;
  return {
    name,
    version,
    snapshot,
    rows,
    quarantined,
    columns,
    bytes,
    source,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function snapshotRow(row: Database['snapshots']): SnapshotRow {
  const { id, dataset, version } = row;
  return {
    id,
    dataset,
    version,
    manifest: JSON.parse(row.manifest) as SnapshotManifest,
    createdAt: row.created_at,
  };
}
