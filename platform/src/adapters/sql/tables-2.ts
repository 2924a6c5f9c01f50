import type { TableSpec } from './tables.ts';

/** Branches, contracts, feeds, proposals, splits, quarantine and secrets of data sets. */
export const TABLES_2: readonly TableSpec[] = [
  {
    name: 'version_facts',
    columns: [
      ['dataset', 'text'],
      ['version', 'bigint'],
      ['branch', 'text'],
      ['operation', 'text'],
      ['parent', 'bigint', 'null'],
      ['contract_version', 'bigint'],
    ],
    key: ['dataset', 'version'],
  },
  {
    name: 'data_records',
    columns: [
      ['kind', 'text'],
      ['dataset', 'text'],
      ['name', 'text'],
      ['created_at', 'bigint'],
      ['updated_at', 'bigint'],
      ['body', 'text'],
    ],
    key: ['kind', 'dataset', 'name'],
    indexes: [['kind', 'created_at']],
  },
  {
    name: 'quarantine_parts',
    columns: [
      ['dataset', 'text'],
      ['digest', 'text'],
      ['version', 'bigint'],
      ['contract_version', 'bigint'],
      ['source', 'text'],
      ['rows', 'bigint'],
      ['created_at', 'bigint'],
    ],
    key: ['dataset', 'digest'],
    indexes: [['dataset', 'version']],
  },
  {
    name: 'quarantine_items',
    columns: [
      ['dataset', 'text'],
      ['digest', 'text'],
      ['position', 'bigint'],
      ['status', 'text'],
      ['fixed', 'text', 'null'],
      ['version', 'bigint', 'null'],
      ['updated_at', 'bigint'],
    ],
    key: ['dataset', 'digest', 'position'],
    indexes: [['dataset', 'status']],
  },
  {
    name: 'secrets',
    columns: [
      ['name', 'text'],
      ['sealed', 'text'],
      ['updated_at', 'bigint'],
    ],
    key: ['name'],
  },
];
