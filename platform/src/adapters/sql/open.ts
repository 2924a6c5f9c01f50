import { Kysely } from 'kysely';
import type { DeploymentStore, FeedbackStore } from '../../deployment/ports.ts';
import type { DatasetStore, QuarantineStore, RecordStore, SecretStore } from '../../feeding/ports.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { MonitorStore } from '../../monitoring/ports.ts';
import type { RunQueries, RunStore } from '../../pipelines/ports.ts';
import type { EventLog } from '../../ports/events.ts';
import type { Transactor } from '../../ports/transaction.ts';
import type { ModelStore } from '../../registry/ports.ts';
import type { StudyStore } from '../../selection/ports.ts';
import type { ReportStore } from '../../validation/ports.ts';
import { databaseError, type SqlContext, WriteQueue } from './connection.ts';
import { createDatasetStore } from './dataset-store.ts';
import { createDeploymentStore, openFeedbackStore } from './deployment-store.ts';
import { openEventLog } from './event-log.ts';
import { createIdempotencyStore, type IdempotencyStore } from './idempotency-store.ts';
import { createDigests, createMentions } from './mentions.ts';
import { migrate } from './migrations.ts';
import { createModelStore } from './model-store.ts';
import { createMonitorStore } from './monitor-store.ts';
import { postgresDialect } from './postgres.ts';
import { createQuarantineStore } from './quarantine-store.ts';
import { createRecordStore, createSecretStore } from './record-store.ts';
import { createReportStore } from './report-store.ts';
import { createRunQueries } from './run-queries.ts';
import { createRunStore } from './run-store.ts';
import type { Database } from './schema.ts';
import { sqliteDialect } from './sqlite.ts';
import { createStudyStore } from './study-store.ts';

export type SqlLocation =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: string /** Default 'slipway'. */; readonly schema?: string };

export interface SqlStores {
  readonly kind: 'sqlite' | 'postgres';
  readonly transactor: Transactor;
  readonly events: EventLog;
  readonly datasets: DatasetStore;
  readonly records: RecordStore;
  readonly quarantine: QuarantineStore;
  readonly secrets: SecretStore;
  /** Whether a record outside the data sets names this digest. */
  readonly mentions: (digest: string) => Promise<boolean>;
  /** All digests that any record names, with repetitions; not those of the history (events, logs). */
  readonly digests: () => AsyncIterable<string>;
  readonly studies: StudyStore;
  readonly runs: RunStore;
  readonly runQueries: RunQueries;
  readonly reports: ReportStore;
  readonly models: ModelStore;
  readonly deployments: DeploymentStore;
  readonly feedback: FeedbackStore;
  readonly monitors: MonitorStore;
  readonly idempotency: IdempotencyStore;
  close(): Promise<void>;
}

/**
 * Opens the database as its only owner and brings it to the newest version.
 *
 * @throws HOME_IN_USE when another process owns it, DATABASE_UNREADABLE when it is not a database of ours.
 */
export async function openSqlStores(
  location: SqlLocation,
  options: { readonly clock: Clock; readonly project: string },
): Promise<SqlStores> {
  const opened = location.kind === 'sqlite' ? sqliteDialect(location.path) : await postgresDialect(location);
  const db = new Kysely<Database>({ dialect: opened.dialect });
  try {
    await migrate(db, options.clock.now());
    return await storesOn({ db, ...options }, location.kind, opened.release);
  } catch (error) {
    await opened.release().catch(() => undefined);
    await db.destroy().catch(() => undefined);
    throw databaseError(error);
  }
}

async function storesOn(
  context: SqlContext,
  kind: SqlStores['kind'],
  release: () => Promise<void>,
): Promise<SqlStores> {
  const queue = new WriteQueue(context.db);
  return {
    kind,
    transactor: queue,
    events: await openEventLog(context, queue),
    datasets: createDatasetStore(context),
    records: createRecordStore(context),
    quarantine: createQuarantineStore(context),
    secrets: createSecretStore(context),
    mentions: createMentions(context),
    digests: createDigests(context),
    studies: createStudyStore(context),
    runs: createRunStore(context),
    runQueries: createRunQueries(context, queue),
    reports: createReportStore(context),
    models: createModelStore(context),
    deployments: createDeploymentStore(context),
    feedback: await openFeedbackStore(context),
    monitors: createMonitorStore(context),
    idempotency: createIdempotencyStore(context),
    close: async () => {
      await queue.close();
      await release();
      await context.db.destroy();
    },
  };
}
