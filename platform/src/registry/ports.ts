import type { Page, PageQuery } from '../contracts/common.ts';
import type { ModelSummary, VersionDetail } from '../contracts/models.ts';
import type { Tx } from '../ports/transaction.ts';
import type { NewVersion } from './types.ts';

/** Where models, versions and aliases are recorded. */
export interface ModelStore {
  /** Version n + 1, or the existing one with this digest. */
  insertVersion(
    tx: Tx,
    version: NewVersion & { readonly createdAt: number },
  ): Promise<{ version: number; inserted: boolean }>;
  setAlias(tx: Tx, name: string, alias: string, version: number): Promise<void>;
  list(query: PageQuery): Promise<Page<ModelSummary>>;
  names(): Promise<string[]>;
  /** Newest first. */
  versions(name: string): Promise<VersionDetail[]>;
  versionWithAlias(name: string, alias: string): Promise<VersionDetail | undefined>;
  remove(tx: Tx, name: string): Promise<void>;
}
