import type { MonitorRow, MonitorStore, WindowCounts } from '../../monitoring/ports.ts';
import type { Coercions } from '../../tables/coercion.ts';
import { inTx, type SqlContext } from './connection.ts';
import { pageLimit, pageOf, readCursor } from './paging.ts';
import type { Database } from './schema.ts';

export function createMonitorStore({ db, project }: SqlContext): MonitorStore {
  return {
    upsert: async (tx, monitor) => {
      const row = {
        deployment: monitor.deployment,
        version: monitor.version,
        revision: monitor.revision,
        baseline_digest: monitor.baselineDigest,
        coercions: JSON.stringify(monitor.coercions),
      };
      await inTx(tx)
        .insertInto('monitors')
        .values({
          project,
          name: monitor.name,
          created_at: monitor.createdAt,
          position: null,
          feedback_sequence: 0,
          ...row,
        })
        .onConflict((conflict) => conflict.columns(['project', 'name']).doUpdateSet(row))
        .execute();
    },
    find: async (name) => {
      const row = await db
        .selectFrom('monitors')
        .selectAll()
        .where('project', '=', project)
        .where('name', '=', name)
        .executeTakeFirst();
      return row === undefined ? undefined : monitorRow(row);
    },
    list: async (query) => {
      const cursor = readCursor(query.cursor);
      const limit = pageLimit(query.limit);
      let select = db.selectFrom('monitors').selectAll().where('project', '=', project);
      if (cursor !== undefined) {
        select = select.where((eb) =>
          eb.or([
            eb('created_at', '<', cursor.at),
            eb.and([eb('created_at', '=', cursor.at), eb('name', '<', cursor.id)]),
          ]),
        );
      }
      const rows = await select
        .orderBy('created_at', 'desc')
        .orderBy('name', 'desc')
        .limit(limit + 1)
        .execute();
      return pageOf(rows, limit, {
        item: monitorRow,
        cursor: (row) => ({ at: row.created_at, id: row.name }),
      });
    },
    windows: async (name, { revision, since, limit }) => {
      const rows = await db
        .selectFrom('monitor_windows')
        .select('counts')
        .where('project', '=', project)
        .where('monitor', '=', name)
        .where('revision', '=', revision)
        .where('start', '>=', since ?? 0)
        .orderBy('start', 'desc')
        .limit(limit)
        .execute();
      return rows.map((row) => JSON.parse(row.counts) as WindowCounts).reverse();
    },
    save: async (tx, name, { revision, windows, position, feedbackSequence }) => {
      const handle = inTx(tx);
      for (const window of windows) {
        const counts = JSON.stringify(window);
        await handle
          .insertInto('monitor_windows')
          .values({ project, monitor: name, revision, start: window.start, counts })
          .onConflict((conflict) =>
            conflict.columns(['project', 'monitor', 'revision', 'start']).doUpdateSet({ counts }),
          )
          .execute();
      }
      await handle
        .updateTable('monitors')
        .set({ position, feedback_sequence: feedbackSequence })
        .where('project', '=', project)
        .where('name', '=', name)
        .execute();
    },
    remove: async (tx, name) => {
      await inTx(tx)
        .deleteFrom('monitor_windows')
        .where('project', '=', project)
        .where('monitor', '=', name)
        .execute();
      await inTx(tx).deleteFrom('monitors').where('project', '=', project).where('name', '=', name).execute();
    },
  };
}

function monitorRow(row: Database['monitors']): MonitorRow {
  const { name, deployment, version, revision, position } = row;
  return {
    ...{ name, deployment, version, revision, position },
    baselineDigest: row.baseline_digest,
    coercions: JSON.parse(row.coercions) as Coercions,
    createdAt: row.created_at,
    feedbackSequence: row.feedback_sequence,
  };
}
