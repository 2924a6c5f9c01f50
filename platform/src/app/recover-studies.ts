import type { SqlStores } from '../adapters/sql/index.ts';

/**
 * At server start: a study that was searching when its server died is not searching any more. Its journal lies in the step's work
 * folder; the resumed step goes on from it under a study of its own.
 */
export async function recoverStudies({ studies, transactor, events }: SqlStores): Promise<void> {
  let cursor: string | undefined;
  do {
    const page = await studies.list({ limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    for (const { id } of page.items.filter((study) => study.status === 'running')) {
      const study = await studies.find(id);
      if (study === undefined) continue;
      await transactor.transaction(async (tx) => {
        await studies.update(tx, { ...study, status: 'interrupted' });
        await events.append(tx, {
          type: 'study.interrupted',
          subject: `studies/${id}`,
          data: { reason: 'the server had stopped' },
        });
      });
    }
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}
