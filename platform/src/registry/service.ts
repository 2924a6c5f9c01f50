import type { ModelDetail, VersionDetail, VersionSummary } from '../contracts/models.ts';
import type { Clock } from '../kernel/clock.ts';
import { SlipwayError } from '../kernel/errors.ts';
import { nearestName } from '../kernel/names.ts';
import type { EventLog } from '../ports/events.ts';
import type { Transactor } from '../ports/transaction.ts';
import './errors.ts';
import type { ModelStore } from './ports.ts';
import type { RegistryService } from './types.ts';

export interface RegistryDeps {
  readonly store: ModelStore;
  readonly transactor: Transactor;
  readonly events: EventLog;
  readonly clock: Clock;
}

export function createRegistry({ store, transactor, events, clock }: RegistryDeps): RegistryService {
  const versions = async (name: string): Promise<VersionDetail[]> => {
    const found = await store.versions(name);
    if (found.length > 0) return found;
    throw await modelNotFound(store, name);
  };
  return {
    register: async (tx, version) => {
      const { version: number, inserted } = await store.insertVersion(tx, {
        ...version,
        createdAt: clock.now(),
      });
      await store.setAlias(tx, version.model, 'champion', number);
      if (inserted) {
        const data = { model: version.model, version: number, digest: version.digest };
        await events.append(tx, { type: 'model.version', subject: `models/${version.model}`, data });
      }
      return { version: number };
    },
    list: (query) => store.list(query),
    get: async (name) => modelDetail(name, await versions(name)),
    version: async (name, version) => {
      const all = await versions(name);
      const found = all.find((candidate) => candidate.version === version);
      if (found !== undefined) return found;
      throw new SlipwayError('VERSION_NOT_FOUND', {
        message: `${name} has no version ${version}`,
        fix: `It has ${all
          .map((entry) => entry.version)
          .slice(0, 20)
          .join(', ')}.`,
        details: { model: name, version },
      });
    },
    champion: (name) => store.versionWithAlias(name, 'champion'),
    setAlias: async (tx, name, alias, version) => {
      await store.setAlias(tx, name, alias, version);
      await events.append(tx, { type: 'model.alias', subject: `models/${name}`, data: { alias, version } });
    },
    remove: async (name) => {
      const serving = [...new Set((await versions(name)).flatMap((version) => version.lineage.deployments))];
      if (serving.length > 0) {
        throw new SlipwayError('MODEL_IN_SERVICE', {
          message: `${name} is served by ${serving.join(', ')}`,
          fix: `Remove the deployment first: slipway deploy rm ${serving[0]}`,
          details: { model: name, deployments: serving },
        });
      }
      await transactor.transaction(async (tx) => {
        await store.remove(tx, name);
        await events.append(tx, { type: 'model.removed', subject: `models/${name}`, data: {} });
      });
    },
  };
}

function modelDetail(name: string, versions: readonly VersionDetail[]): ModelDetail {
  const latest = versions[0]!;
  const champion = versions.find((version) => version.aliases.includes('champion'));
  return {
    name,
    latestVersion: latest.version,
    championVersion: champion?.version ?? null,
    task: latest.signature.task,
    target: latest.signature.target,
    metric: latest.metric,
    createdAt: versions.at(-1)!.createdAt,
    updatedAt: latest.createdAt,
    versions: versions.map(versionSummary),
  };
}

function versionSummary(detail: VersionDetail): VersionSummary {
  const { model, version, digest, bytes, family, metric, verdict, aliases, createdAt } = detail;
  return { model, version, digest, bytes, family, metric, verdict, aliases, createdAt };
}

async function modelNotFound(store: ModelStore, name: string): Promise<SlipwayError> {
  const near = nearestName(name, await store.names());
  return new SlipwayError('MODEL_NOT_FOUND', {
    message: `there is no model '${name}'`,
    fix: near === undefined ? 'List models with `slipway models ls`.' : `Did you mean '${near}'?`,
    details: { model: name, ...(near === undefined ? {} : { nearest: near }) },
  });
}
