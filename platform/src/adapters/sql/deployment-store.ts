import type { Revision } from '../../contracts/deployments.ts';
import type { DeploymentRow, DeploymentStore, FeedbackStore } from '../../deployment/ports.ts';
import { inTx, type SqlContext } from './connection.ts';
import { pageLimit, pageOf, readCursor } from './paging.ts';
import type { Database } from './schema.ts';

export function createDeploymentStore({ db, project }: SqlContext): DeploymentStore {
  return {
    insertRevision: async (tx, deployment, revision) => {
      const handle = inTx(tx);
      const known = await handle
        .selectFrom('revisions')
        .select((eb) => eb.fn.max('revision').as('revision'))
        .where('project', '=', project)
        .where('deployment', '=', deployment)
        .executeTakeFirst();
      const number = Number(known?.revision ?? 0) + 1;
      const ofDeployment = handle
        .updateTable('revisions')
        .where('project', '=', project)
        .where('deployment', '=', deployment);
      await ofDeployment.set({ role: 'retired' }).where('role', '=', 'previous').execute();
      await ofDeployment.set({ role: 'previous' }).where('role', '=', 'live').execute();
      const { model, version, modelDigest, createdAt, reason } = revision;
      const row = {
        deployment,
        revision: number,
        model,
        version,
        model_digest: modelDigest,
        created_at: createdAt,
        reason,
      };
      await handle
        .insertInto('revisions')
        .values({ project, role: 'live', ...row })
        .execute();
      await handle
        .insertInto('deployments')
        .values({
          project,
          name: deployment,
          live_revision: number,
          created_at: createdAt,
          updated_at: createdAt,
        })
        .onConflict((conflict) =>
          conflict.columns(['project', 'name']).doUpdateSet({ live_revision: number, updated_at: createdAt }),
        )
        .execute();
      return { ...revision, revision: number, role: 'live' };
    },
    find: async (name) => {
      const row = await db
        .selectFrom('deployments')
        .selectAll()
        .where('project', '=', project)
        .where('name', '=', name)
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const revisions = await db
        .selectFrom('revisions')
        .selectAll()
        .where('project', '=', project)
        .where('deployment', '=', name)
        .orderBy('revision', 'desc')
        .execute();
      return { ...deploymentRow(row), revisions: revisions.map(revisionOf) };
    },
    list: async (query) => {
      const cursor = readCursor(query.cursor);
      const limit = pageLimit(query.limit);
      let select = db.selectFrom('deployments').selectAll().where('project', '=', project);
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
      return pageOf(rows, limit, {
        item: deploymentRow,
        cursor: (row) => ({ at: row.updated_at, id: row.name }),
      });
    },
    remove: async (tx, name) => {
      await inTx(tx)
        .deleteFrom('revisions')
        .where('project', '=', project)
        .where('deployment', '=', name)
        .execute();
      await inTx(tx)
        .deleteFrom('deployments')
        .where('project', '=', project)
        .where('name', '=', name)
        .execute();
    },
  };
}

function deploymentRow(row: Database['deployments']): DeploymentRow {
  return {
    name: row.name,
    liveRevision: row.live_revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function revisionOf(row: Database['revisions']): Revision {
  const { revision, model, version, reason } = row;
  return {
    revision,
    model,
    version,
    modelDigest: row.model_digest,
    role: row.role as Revision['role'],
    createdAt: row.created_at,
    reason,
  };
}

/** Labels by prediction; each arrival gets a new sequence, so that a corrected label is read again by the monitor. */
export async function openFeedbackStore({ db, project }: SqlContext): Promise<FeedbackStore> {
  const newest = await db
    .selectFrom('feedback')
    .select((eb) => eb.fn.max('sequence').as('sequence'))
    .executeTakeFirst();
  let sequence = Number(newest?.sequence ?? 0);
  return {
    record: async (tx, items) => {
      for (const { predictionId, deployment, label, time, receivedAt } of items) {
        const row = {
          sequence: ++sequence,
          deployment,
          label: JSON.stringify(label),
          time,
          received_at: receivedAt,
        };
        await inTx(tx)
          .insertInto('feedback')
          .values({ project, prediction_id: predictionId, ...row })
          .onConflict((conflict) =>
            conflict
              .columns(['project', 'prediction_id'])
              .doUpdateSet(row)
              .where('feedback.time', '<=', time),
          )
          .execute();
      }
    },
    after: async (deployment, from, limit) => {
      const rows = await db
        .selectFrom('feedback')
        .select(['sequence', 'prediction_id', 'label'])
        .where('project', '=', project)
        .where('deployment', '=', deployment)
        .where('sequence', '>', from)
        .orderBy('sequence')
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        sequence: row.sequence,
        predictionId: row.prediction_id,
        label: JSON.parse(row.label) as string,
      }));
    },
    labels: async (predictionIds) => {
      if (predictionIds.length === 0) return new Map();
      const rows = await db
        .selectFrom('feedback')
        .select(['prediction_id', 'label'])
        .where('project', '=', project)
        .where('prediction_id', 'in', predictionIds)
        .execute();
      return new Map(rows.map((row) => [row.prediction_id, JSON.parse(row.label) as string]));
    },
  };
}
