import type { ModelSummary, VersionDetail } from '../../contracts/models.ts';
import type { ModelStore } from '../../registry/ports.ts';
import type { NewVersion } from '../../registry/types.ts';
import { inTx, type SqlContext } from './connection.ts';
import { pageLimit, pageOf, readCursor } from './paging.ts';
import type { Database } from './schema.ts';

export function createModelStore(context: SqlContext): ModelStore {
  const { db, project } = context;
  return {
    insertVersion: async (tx, version) => {
      const handle = inTx(tx);
      const known = await handle
        .selectFrom('versions')
        .select('version')
        .where('project', '=', project)
        .where('model', '=', version.model)
        .where('digest', '=', version.digest)
        .executeTakeFirst();
      if (known !== undefined) return { version: known.version, inserted: false };
      const model = await handle
        .selectFrom('models')
        .select('latest_version')
        .where('project', '=', project)
        .where('name', '=', version.model)
        .executeTakeFirst();
      const next = (model?.latest_version ?? 0) + 1;
      await handle
        .insertInto('versions')
        .values(versionRow(project, version, next))
        .execute();
      const { createdAt } = version;
      await handle
        .insertInto('models')
        .values({
          project,
          name: version.model,
          latest_version: next,
          created_at: createdAt,
          updated_at: createdAt,
        })
        .onConflict((conflict) =>
          conflict.columns(['project', 'name']).doUpdateSet({ latest_version: next, updated_at: createdAt }),
        )
        .execute();
      return { version: next, inserted: true };
    },
    setAlias: async (tx, name, alias, version) => {
      await inTx(tx)
        .insertInto('aliases')
        .values({ project, model: name, alias, version })
        .onConflict((conflict) => conflict.columns(['project', 'model', 'alias']).doUpdateSet({ version }))
        .execute();
    },
    list: (query) => listModels(context, query),
    names: async () =>
      (await db.selectFrom('models').select('name').where('project', '=', project).execute()).map(
        (row) => row.name,
      ),
    versions: (name) => versionsOf(context, name),
    versionWithAlias: async (name, alias) => (await versionsOf(context, name, alias))[0],
    remove: async (tx, name) => {
      const handle = inTx(tx);
      await handle.deleteFrom('aliases').where('project', '=', project).where('model', '=', name).execute();
      await handle.deleteFrom('versions').where('project', '=', project).where('model', '=', name).execute();
      await handle.deleteFrom('models').where('project', '=', project).where('name', '=', name).execute();
    },
  };
}

function versionRow(
  project: string,
  version: NewVersion & { readonly createdAt: number },
  number: number,
): Database['versions'] {
  return {
    project,
    model: version.model,
    version: number,
    digest: version.digest,
    dataset: version.lineage.dataset.name,
    snapshot: version.lineage.dataset.snapshot,
    created_at: version.createdAt,
    detail: JSON.stringify(version),
  };
}

async function listModels({ db, project }: SqlContext, query: { cursor?: string; limit?: number }) {
  const cursor = readCursor(query.cursor);
  const limit = pageLimit(query.limit);
  let select = db
    .selectFrom('models as m')
    .innerJoin('versions as v', (join) =>
      join
        .onRef('v.project', '=', 'm.project')
        .onRef('v.model', '=', 'm.name')
        .onRef('v.version', '=', 'm.latest_version'),
    )
    .leftJoin('aliases as a', (join) =>
      join
        .onRef('a.project', '=', 'm.project')
        .onRef('a.model', '=', 'm.name')
        .on('a.alias', '=', 'champion'),
    )
    .select([
      'm.name',
      'm.latest_version',
      'm.created_at',
      'm.updated_at',
      'v.detail',
      'a.version as champion',
    ])
    .where('m.project', '=', project);
  if (cursor !== undefined) {
    select = select.where((eb) =>
      eb.or([
        eb('m.updated_at', '<', cursor.at),
        eb.and([eb('m.updated_at', '=', cursor.at), eb('m.name', '<', cursor.id)]),
      ]),
    );
  }
  const rows = await select
    .orderBy('m.updated_at', 'desc')
    .orderBy('m.name', 'desc')
    .limit(limit + 1)
    .execute();
  return pageOf(rows, limit, {
    item: (row): ModelSummary => {
      const { signature, metric } = JSON.parse(row.detail) as NewVersion;
      return {
        name: row.name,
        latestVersion: row.latest_version,
        championVersion: row.champion,
        task: signature.task,
        target: signature.target,
        metric,
        createdAt: row.created_at,
        updatedAt: row.updated_at,
      };
    },
    cursor: (row) => ({ at: row.updated_at, id: row.name }),
  });
}

async function versionsOf(
  { db, project }: SqlContext,
  name: string,
  alias?: string,
): Promise<VersionDetail[]> {
  const aliases = await db
    .selectFrom('aliases')
    .select(['alias', 'version'])
    .where('project', '=', project)
    .where('model', '=', name)
    .execute();
  const wanted = aliases.find((entry) => entry.alias === alias)?.version;
  if (alias !== undefined && wanted === undefined) return [];
  let select = db.selectFrom('versions').selectAll().where('project', '=', project).where('model', '=', name);
  if (wanted !== undefined) select = select.where('version', '=', wanted);
  const rows = await select.orderBy('version', 'desc').execute();
  const serving = await db
    .selectFrom('revisions')
    .select(['deployment', 'version'])
    .where('project', '=', project)
    .where('model', '=', name)
    .where('role', '=', 'live')
    .execute();
  return rows.map((row) => {
    const detail = JSON.parse(row.detail) as NewVersion;
    const deployments = serving
      .filter((entry) => entry.version === row.version)
      .map((entry) => entry.deployment);
    return {
      ...detail,
      version: row.version,
      aliases: aliases.filter((entry) => entry.version === row.version).map((entry) => entry.alias),
      createdAt: row.created_at,
      lineage: { ...detail.lineage, deployments },
    };
  });
}
