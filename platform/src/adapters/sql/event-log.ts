import type { EventRecord } from '../../contracts/events.ts';
import type { EventLog } from '../../ports/events.ts';
import { inTx, type SqlContext, type WriteQueue } from './connection.ts';
import type { Database } from './schema.ts';

/** Events with a sequence that is the commit order: numbers are given inside the only open transaction. */
export async function openEventLog(context: SqlContext, queue: WriteQueue): Promise<EventLog> {
  const { db, project, clock } = context;
  const newest = await db
    .selectFrom('events')
    .select((eb) => eb.fn.max('sequence').as('sequence'))
    .executeTakeFirst();
  let sequence = Number(newest?.sequence ?? 0);
  let notified = sequence;
  const listeners = new Set<() => void>();
  queue.onCommit(() => {
    if (notified === sequence) return;
    notified = sequence;
    for (const listener of listeners) listener();
  });
  return {
    append: async (tx, event) => {
      await inTx(tx)
        .insertInto('events')
        .values({
          project,
          sequence: ++sequence,
          time: clock.now(),
          type: event.type,
          actor: event.actor ?? 'system',
          subject: event.subject,
          data: JSON.stringify(event.data),
        })
        .execute();
    },
    after: async (from, limit) => {
      const rows = await db
        .selectFrom('events')
        .selectAll()
        .where('project', '=', project)
        .where('sequence', '>', from)
        .orderBy('sequence')
        .limit(limit)
        .execute();
      return rows.map(record);
    },
    recent: async ({ before, limit, type, subject }) => {
      let query = db.selectFrom('events').selectAll().where('project', '=', project);
      if (before !== undefined) query = query.where('sequence', '<', before);
      if (type !== undefined) query = query.where('type', '=', type);
      if (subject !== undefined) query = query.where('subject', '=', subject);
      return (await query.orderBy('sequence', 'desc').limit(limit).execute()).map(record);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

function record(row: Database['events']): EventRecord {
  const { sequence, time, type, actor, subject } = row;
  return { sequence, time, type, actor, subject, data: JSON.parse(row.data) as Record<string, unknown> };
}
