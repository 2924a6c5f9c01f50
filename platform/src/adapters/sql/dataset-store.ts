import type { DatasetRow, DatasetStore, NewVersion } from '../../feeding/ports.ts';
import { MAIN_BRANCH, type SnapshotManifest, type SnapshotRow } from '../../feeding/types.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { inTx, type SqlContext } from './connection.ts';
import { pageLimit, pageOf, readCursor } from './paging.ts';
import type { Database } from './schema.ts';

export function createDatasetStore({ db, project }: SqlContext): DatasetStore {
  return {
    insertSnapshot: (tx, version) => insertVersion(inTx(tx), project, version),
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
      const facts = await db
        .selectFrom('version_facts')
        .selectAll()
        .where('project', '=', project)
        .where('dataset', '=', name)
        .execute();
      const byVersion = new Map(facts.map((row) => [row.version, row]));
      return rows.map((row) => snapshotRow(row, byVersion.get(row.version)));
    },
    snapshotById: async (id) => {
      const row = await db
        .selectFrom('snapshots')
        .selectAll()
        .where('project', '=', project)
        .where('id', '=', id)
        .orderBy('version', 'desc')
        .executeTakeFirst();
      return row === undefined ? undefined : snapshotRow(row, undefined);
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
    removeVersion: async (tx, name, version) => {
      for (const table of ['snapshots', 'version_facts'] as const)
        await inTx(tx)
          .deleteFrom(table)
          .where('project', '=', project)
          .where('dataset', '=', name)
          .where('version', '=', version)
          .execute();
    },
    remove: async (tx, name) => {
      for (const table of ['snapshots', 'version_facts', 'data_records'] as const)
        await inTx(tx).deleteFrom(table).where('project', '=', project).where('dataset', '=', name).execute();
      await inTx(tx).deleteFrom('datasets').where('project', '=', project).where('name', '=', name).execute();
    },
  };
}

type Handle = ReturnType<typeof inTx>;

async function insertVersion(handle: Handle, project: string, next: NewVersion): Promise<SnapshotRow> {
  const { id, manifest, createdAt, branch, operation, parent, contractVersion } = next;
  const name = manifest.dataset;
  const head = await headOf(handle, project, name, branch);
  if (next.expected !== undefined && next.expected !== (head?.version ?? null)) {
    throw new SlipwayError('VERSION_MOVED', {
      message: `${name} got version ${head?.version ?? 'none'} on ${branch} meanwhile; this was made for ${next.expected ?? 'none'}`,
      fix: 'Run it again: it will be made for the newest version.',
      details: { dataset: name, branch, expected: next.expected, found: head?.version ?? null },
    });
  }
  const facts = { branch, operation, parent, contractVersion };
  if (head?.snapshot === id)
    return { id, dataset: name, version: head.version, manifest, createdAt: head.updatedAt, ...facts };
  const version = (await newestVersion(handle, project, name)) + 1;
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
  await handle
    .insertInto('version_facts')
    .values({ project, dataset: name, version, branch, operation, parent, contract_version: contractVersion })
    .execute();
  if (branch === MAIN_BRANCH) {
    const main = { version, updated_at: createdAt, ...factsOf(id, manifest) };
    await handle
      .insertInto('datasets')
      .values({ project, name, created_at: createdAt, ...main })
      .onConflict((conflict) => conflict.columns(['project', 'name']).doUpdateSet(main))
      .execute();
  } else {
    await handle
      .updateTable('data_records')
      .set({ body: JSON.stringify({ ...head?.body, version }), updated_at: createdAt })
      .where('project', '=', project)
      .where('kind', '=', 'branch')
      .where('dataset', '=', name)
      .where('name', '=', branch)
      .execute();
  }
  return { id, dataset: name, version, manifest, createdAt, ...facts };
}

interface Head {
  readonly version: number;
  readonly snapshot: string | undefined;
  readonly updatedAt: number;
  readonly body?: object;
}

/** The newest version of a branch; main's is the data set's own row. */
async function headOf(
  handle: Handle,
  project: string,
  name: string,
  branch: string,
): Promise<Head | undefined> {
  if (branch === MAIN_BRANCH) {
    const row = await handle
      .selectFrom('datasets')
      .select(['version', 'snapshot', 'updated_at'])
      .where('project', '=', project)
      .where('name', '=', name)
      .executeTakeFirst();
    return row === undefined
      ? undefined
      : { version: row.version, snapshot: row.snapshot, updatedAt: row.updated_at };
  }
  const record = await handle
    .selectFrom('data_records')
    .select(['body', 'updated_at'])
    .where('project', '=', project)
    .where('kind', '=', 'branch')
    .where('dataset', '=', name)
    .where('name', '=', branch)
    .executeTakeFirst();
  if (record === undefined) {
    throw new SlipwayError('BRANCH_NOT_FOUND', {
      message: `${name} has no branch '${branch}'`,
      fix: `Begin it with \`slipway data branch ${name} ${branch}\`.`,
    });
  }
  const body = JSON.parse(record.body) as { version: number };
  const snapshot = await handle
    .selectFrom('snapshots')
    .select('id')
    .where('project', '=', project)
    .where('dataset', '=', name)
    .where('version', '=', body.version)
    .executeTakeFirst();
  return { version: body.version, snapshot: snapshot?.id, updatedAt: record.updated_at, body };
}

/** Versions are numbered over all branches, and a removed number is not given again while a newer one exists. */
async function newestVersion(handle: Handle, project: string, name: string): Promise<number> {
  const row = await handle
    .selectFrom('snapshots')
    .select((eb) => eb.fn.max('version').as('version'))
    .where('project', '=', project)
    .where('dataset', '=', name)
    .executeTakeFirst();
  return Number(row?.version ?? 0);
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

function summary(row: Database['datasets']): DatasetRow {
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

function snapshotRow(row: Database['snapshots'], facts: Database['version_facts'] | undefined): SnapshotRow {
  const { id, dataset, version } = row;
  return {
    id,
    dataset,
    version,
    manifest: JSON.parse(row.manifest) as SnapshotManifest,
    createdAt: row.created_at,
    // Versions of before branches were kept are whole loads of main.
    branch: facts?.branch ?? MAIN_BRANCH,
    operation: (facts?.operation ?? 'replace') as SnapshotRow['operation'],
    parent: facts === undefined ? (version > 1 ? version - 1 : null) : facts.parent,
    contractVersion: facts?.contract_version ?? 0,
  };
}
