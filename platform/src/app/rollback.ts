import type { DeploymentService } from '../deployment/types.ts';
import type { MonitoringService } from '../monitoring/types.ts';
import type { BlobStore } from '../ports/blobs.ts';
import type { Transactor } from '../ports/transaction.ts';
import type { RegistryService } from '../registry/types.ts';
import { readBundle } from './bundles.ts';

export interface RollbackRooms {
  readonly deployment: DeploymentService;
  readonly monitoring: MonitoringService;
  readonly registry: RegistryService;
  readonly blobs: BlobStore;
  readonly transactor: Transactor;
}

/**
 * Going back, as a flow over three rooms: the pointer switches first, because that is what someone is waiting for; then the monitor
 * is told to compare with the rows that the version in service was trained on, and the champion is that version again.
 */
export function withRollback({
  deployment,
  monitoring,
  registry,
  blobs,
  transactor,
}: RollbackRooms): DeploymentService {
  return {
    ...deployment,
    rollback: async (name, revision) => {
      const detail = await deployment.rollback(name, revision);
      const { bundleDigest } = await registry.version(detail.model, detail.version);
      const { baselineDigest, coercions } = await readBundle(blobs, bundleDigest);
      const { version, revision: live } = detail;
      await transactor.transaction(async (tx) => {
        await registry.setAlias(tx, detail.model, 'champion', version);
        await monitoring.create(tx, { deployment: name, version, revision: live, baselineDigest, coercions });
      });
      return detail;
    },
  };
}
