import type { QuarantineMark, QuarantineStore } from '../../feeding/ports.ts';
import { inTx, type SqlContext } from './connection.ts';

/** Marks written by one statement. */
const MARKS_PER_STATEMENT = 500;

/** What was kept back is a blob; the database knows which blobs there are, and what became of rows that somebody touched. */
export function createQuarantineStore({ db, project }: SqlContext): QuarantineStore {
  return {
    addPart: async (tx, { createdAt, contractVersion, ...part }) => {
      await inTx(tx)
        .insertInto('quarantine_parts')
        .values({ project, ...part, contract_version: contractVersion, created_at: createdAt })
        .onConflict((conflict) => conflict.columns(['project', 'dataset', 'digest']).doNothing())
        .execute();
    },
    parts: async (dataset) => {
      const rows = await db
        .selectFrom('quarantine_parts')
        .selectAll()
        .where('project', '=', project)
        .where('dataset', '=', dataset)
        .orderBy('version', 'desc')
        .orderBy('digest')
        .execute();
      return rows.map(({ digest, version, source, rows: count, contract_version }) => ({
        ...{ dataset, digest, version, source, rows: count, contractVersion: contract_version },
      }));
    },
    marks: async (dataset, digest) => {
      let select = db
        .selectFrom('quarantine_items')
        .selectAll()
        .where('project', '=', project)
        .where('dataset', '=', dataset);
      if (digest !== undefined) select = select.where('digest', '=', digest);
      const rows = await select.orderBy('digest').orderBy('position').execute();
      return rows.map(({ digest: part, position, status, fixed, version }) => ({
        ...{ digest: part, position, fixed, version, status: status as QuarantineMark['status'] },
      }));
    },
    mark: async (tx, dataset, marks, at) => {
      for (let from = 0; from < marks.length; from += MARKS_PER_STATEMENT) {
        const rows = marks.slice(from, from + MARKS_PER_STATEMENT);
        await inTx(tx)
          .insertInto('quarantine_items')
          .values(rows.map((row) => ({ project, dataset, ...row, updated_at: at })))
          .onConflict((conflict) =>
            conflict.columns(['project', 'dataset', 'digest', 'position']).doUpdateSet((eb) => ({
              status: eb.ref('excluded.status'),
              fixed: eb.ref('excluded.fixed'),
              version: eb.ref('excluded.version'),
              updated_at: eb.ref('excluded.updated_at'),
            })),
          )
          .execute();
      }
    },
    held: async () => {
      const totals = await db
        .selectFrom('quarantine_parts')
        .select(['dataset', (eb) => eb.fn.sum<number>('rows').as('rows')])
        .where('project', '=', project)
        .groupBy('dataset')
        .execute();
      const ended = await db
        .selectFrom('quarantine_items')
        .select(['dataset', (eb) => eb.fn.countAll<number>().as('rows')])
        .where('project', '=', project)
        .where('status', '<>', 'fixed')
        .groupBy('dataset')
        .execute();
      const held = new Map(totals.map((row) => [row.dataset, Number(row.rows)]));
      for (const row of ended) held.set(row.dataset, (held.get(row.dataset) ?? 0) - Number(row.rows));
      return held;
    },
    remove: async (tx, dataset) => {
      for (const table of ['quarantine_parts', 'quarantine_items'] as const)
        await inTx(tx)
          .deleteFrom(table)
          .where('project', '=', project)
          .where('dataset', '=', dataset)
          .execute();
    },
  };
}
