type Column = readonly [name: string, type: 'text' | 'bigint', nullable?: 'null'];

export interface TableSpec {
  readonly name: string;
  readonly columns: readonly Column[];
  /** Beside `project`, which leads every primary key and index. */
  readonly key: readonly string[];
  readonly indexes?: readonly (readonly string[])[];
}

/** Forward only: a released entry is never edited, a change is a new entry. */
export const MIGRATIONS: readonly (readonly TableSpec[])[] = [
  [
    {
      name: 'events',
      columns: [
        ['sequence', 'bigint'],
        ['time', 'bigint'],
        ['type', 'text'],
        ['actor', 'text'],
        ['subject', 'text'],
        ['data', 'text'],
      ],
      key: ['sequence'],
      indexes: [
        ['type', 'sequence'],
        ['subject', 'sequence'],
      ],
    },
    {
      name: 'datasets',
      columns: [
        ['name', 'text'],
        ['version', 'bigint'],
        ['snapshot', 'text'],
        ['rows', 'bigint'],
        ['quarantined', 'bigint'],
        ['columns', 'bigint'],
        ['bytes', 'bigint'],
        ['source', 'text'],
        ['created_at', 'bigint'],
        ['updated_at', 'bigint'],
      ],
      key: ['name'],
      indexes: [['updated_at', 'name']],
    },
    {
      name: 'snapshots',
      columns: [
        ['dataset', 'text'],
        ['version', 'bigint'],
        ['id', 'text'],
        ['manifest', 'text'],
        ['created_at', 'bigint'],
      ],
      key: ['dataset', 'version'],
      indexes: [['id']],
    },
    {
      name: 'studies',
      columns: [
        ['id', 'text'],
        ['created_at', 'bigint'],
        ['summary', 'text'],
        ['detail', 'text'],
      ],
      key: ['id'],
      indexes: [['created_at', 'id']],
    },
    {
      name: 'candidates',
      columns: [
        ['study_id', 'text'],
        ['candidate', 'text'],
        ['position', 'bigint'],
        ['row', 'text'],
      ],
      key: ['study_id', 'candidate'],
    },
    {
      name: 'runs',
      columns: [
        ['id', 'text'],
        ['pipeline', 'text'],
        ['name', 'text'],
        ['key', 'text'],
        ['status', 'text'],
        ['params', 'text'],
        ['result', 'text', 'null'],
        ['error', 'text', 'null'],
        ['created_at', 'bigint'],
        ['ended_at', 'bigint', 'null'],
      ],
      key: ['id'],
      indexes: [['pipeline', 'key', 'created_at'], ['created_at', 'id'], ['status']],
    },
    {
      name: 'run_steps',
      columns: [
        ['run_id', 'text'],
        ['step', 'text'],
        ['position', 'bigint'],
        ['status', 'text'],
        ['epoch', 'bigint'],
        ['started_at', 'bigint', 'null'],
        ['ended_at', 'bigint', 'null'],
        ['cache_key', 'text', 'null'],
        ['reason', 'text'],
        ['outputs', 'text'],
        ['error', 'text', 'null'],
      ],
      key: ['run_id', 'step'],
      indexes: [['cache_key', 'step']],
    },
    {
      name: 'attempts',
      columns: [
        ['id', 'text'],
        ['run_id', 'text'],
        ['step', 'text'],
        ['epoch', 'bigint'],
        ['status', 'text'],
        ['started_at', 'bigint'],
        ['ended_at', 'bigint', 'null'],
        ['error', 'text', 'null'],
      ],
      key: ['run_id', 'step', 'epoch'],
    },
    {
      name: 'run_logs',
      columns: [
        ['run_id', 'text'],
        ['sequence', 'bigint'],
        ['time', 'bigint'],
        ['step', 'text'],
        ['level', 'text'],
        ['message', 'text'],
      ],
      key: ['run_id', 'sequence'],
    },
    {
      name: 'reports',
      columns: [
        ['id', 'text'],
        ['model', 'text'],
        ['version', 'bigint', 'null'],
        ['created_at', 'bigint'],
        ['summary', 'text'],
        ['detail', 'text'],
      ],
      key: ['id'],
      indexes: [
        ['created_at', 'id'],
        ['model', 'created_at'],
      ],
    },
    {
      name: 'test_openings',
      columns: [
        ['model', 'text'],
        ['test_key', 'text'],
        ['report_id', 'text'],
      ],
      key: ['model', 'test_key', 'report_id'],
    },
    {
      name: 'models',
      columns: [
        ['name', 'text'],
        ['latest_version', 'bigint'],
        ['created_at', 'bigint'],
        ['updated_at', 'bigint'],
      ],
      key: ['name'],
      indexes: [['updated_at', 'name']],
    },
    {
      name: 'versions',
      columns: [
        ['model', 'text'],
        ['version', 'bigint'],
        ['digest', 'text'],
        ['dataset', 'text'],
        ['snapshot', 'text'],
        ['created_at', 'bigint'],
        ['detail', 'text'],
      ],
      key: ['model', 'version'],
      indexes: [['dataset'], ['model', 'digest']],
    },
    {
      name: 'aliases',
      columns: [
        ['model', 'text'],
        ['alias', 'text'],
        ['version', 'bigint'],
      ],
      key: ['model', 'alias'],
    },
    {
      name: 'deployments',
      columns: [
        ['name', 'text'],
        ['live_revision', 'bigint'],
        ['created_at', 'bigint'],
        ['updated_at', 'bigint'],
      ],
      key: ['name'],
      indexes: [['updated_at', 'name']],
    },
    {
      name: 'revisions',
      columns: [
        ['deployment', 'text'],
        ['revision', 'bigint'],
        ['model', 'text'],
        ['version', 'bigint'],
        ['model_digest', 'text'],
        ['role', 'text'],
        ['created_at', 'bigint'],
        ['reason', 'text'],
      ],
      key: ['deployment', 'revision'],
    },
    {
      name: 'feedback',
      columns: [
        ['sequence', 'bigint'],
        ['prediction_id', 'text'],
        ['deployment', 'text'],
        ['label', 'text'],
        ['time', 'bigint'],
        ['received_at', 'bigint'],
      ],
      key: ['prediction_id'],
      indexes: [['deployment', 'sequence']],
    },
    {
      name: 'monitors',
      columns: [
        ['name', 'text'],
        ['deployment', 'text'],
        ['version', 'bigint'],
        ['revision', 'bigint'],
        ['baseline_digest', 'text'],
        ['coercions', 'text'],
        ['created_at', 'bigint'],
        ['position', 'text', 'null'],
        ['feedback_sequence', 'bigint'],
      ],
      key: ['name'],
      indexes: [['created_at', 'name']],
    },
    {
      name: 'monitor_windows',
      columns: [
        ['monitor', 'text'],
        ['revision', 'bigint'],
        ['start', 'bigint'],
        ['counts', 'text'],
      ],
      key: ['monitor', 'revision', 'start'],
    },
    {
      name: 'idempotency',
      columns: [
        ['key', 'text'],
        ['request_digest', 'text'],
        ['response', 'text'],
        ['created_at', 'bigint'],
      ],
      key: ['key'],
      indexes: [['created_at']],
    },
  ],
];
