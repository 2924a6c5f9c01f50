import type { Page, PageQuery } from '../contracts/common.ts';
import type { ModelDetail, ModelSummary, VersionDetail } from '../contracts/models.ts';
import type { Tx } from '../ports/transaction.ts';

export interface NewVersion extends Omit<VersionDetail, 'version' | 'aliases' | 'createdAt' | 'lineage'> {
  readonly lineage: Omit<VersionDetail['lineage'], 'deployments'>;
}

export interface RegistryService {
  /** Registers version n + 1 and moves the alias `champion`; the same digest registered again is the same version. */
  register(tx: Tx, version: NewVersion): Promise<{ version: number }>;
  list(query: PageQuery): Promise<Page<ModelSummary>>;
  /** Throws MODEL_NOT_FOUND with the nearest name. */
  get(name: string): Promise<ModelDetail>;
  /** Throws VERSION_NOT_FOUND. */
  version(name: string, version: number): Promise<VersionDetail>;
  champion(name: string): Promise<VersionDetail | undefined>;
  setAlias(tx: Tx, name: string, alias: string, version: number): Promise<void>;
  /** Throws MODEL_IN_SERVICE while a deployment serves it. */
  remove(name: string): Promise<void>;
}
