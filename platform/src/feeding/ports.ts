import type { Page, PageQuery } from '../contracts/common.ts';
import type { DatasetSummary } from '../contracts/datasets.ts';
import type { Tx } from '../ports/transaction.ts';
import type { SnapshotManifest, SnapshotRow } from './types.ts';

/** Where data sets and snapshots are recorded. */
export interface DatasetStore {
  /** Inserts the next version and moves the pointer; returns the existing row when this id is already the newest version. */
  insertSnapshot(
    tx: Tx,
    snapshot: { id: string; manifest: SnapshotManifest; createdAt: number },
  ): Promise<SnapshotRow>;
  list(query: PageQuery): Promise<Page<DatasetSummary>>;
  find(name: string): Promise<DatasetSummary | undefined>;
  names(): Promise<string[]>;
  /** Newest first. */
  snapshots(name: string): Promise<SnapshotRow[]>;
  snapshotById(id: string): Promise<SnapshotRow | undefined>;
  /** Model versions that were trained on snapshots of this data set. */
  usedBy(name: string): Promise<{ snapshot: string; model: string; version: number }[]>;
  remove(tx: Tx, name: string): Promise<void>;
}
