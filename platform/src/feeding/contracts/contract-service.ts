import type {
  ContractBody,
  ContractDetail,
  ContractEdit,
  ContractTrial,
  DataContract,
} from '../../contracts/data-contracts.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import {
  contractName,
  type FeedingContext,
  findVersion,
  inChild,
  inFolder,
  requireDataset,
  sourceOf,
} from '../context.ts';
import { referencesOf } from '../loads/load-service.ts';
import { contractChanges, inferContract, requireSound } from './contract.ts';

export async function getContract(deps: FeedingContext, dataset: string): Promise<ContractDetail> {
  await requireDataset(deps, dataset);
  const history = (await deps.records.list<DataContract>('contract', dataset))
    .map(({ body }) => body)
    .reverse();
  const current = history[0] ?? (await impliedContract(deps, dataset));
  return { current, history };
}

/** Data sets of before contracts, and those of a launch alone, have the one their newest version implies. */
async function impliedContract(deps: FeedingContext, dataset: string): Promise<DataContract> {
  const head = await findVersion(deps, dataset);
  return {
    ...{ dataset, version: 0, origin: 'inferred', changes: [], createdAt: head.createdAt },
    body: inferContract(head.manifest.schema),
  };
}

/** @throws CONTRACT_INVALID, CONTRACT_MOVED when somebody else changed it meanwhile */
export async function editContract(
  deps: FeedingContext,
  dataset: string,
  edit: ContractEdit,
): Promise<DataContract> {
  return deps.locks.run(dataset, async () => {
    const { current } = await getContract(deps, dataset);
    requireSound(edit.body);
    if (current.version !== edit.basedOn) {
      throw new SlipwayError('CONTRACT_MOVED', {
        message: `the contract of ${dataset} has version ${current.version}; version ${edit.basedOn} was edited`,
        fix: 'Look at the newest contract and make the change there.',
        details: { dataset, current: current.version, basedOn: edit.basedOn },
      });
    }
    const changes = contractChanges(current.body, edit.body);
    if (changes.length === 0) return current;
    const contract: DataContract = {
      ...{ dataset, version: current.version + 1, body: edit.body, origin: 'edited', changes },
      createdAt: deps.clock.now(),
    };
    await deps.transactor.transaction(async (tx) => {
      const record = {
        dataset,
        name: contractName(contract.version),
        body: contract,
        at: contract.createdAt,
      };
      await deps.records.put(tx, 'contract', record);
      const data = { version: contract.version, origin: 'edited', changes };
      await deps.events.append(tx, { type: 'contract.changed', subject: `datasets/${dataset}`, data });
    });
    return contract;
  });
}

/** @param version Default: the newest. */
export async function trialOf(
  deps: FeedingContext,
  dataset: string,
  contract: ContractBody,
  version?: number,
): Promise<ContractTrial> {
  requireSound(contract);
  const head = await findVersion(deps, dataset, version);
  const source = await sourceOf(deps, head);
  const references = await referencesOf(deps, contract);
  return inFolder(deps, 'trial', (workDir) =>
    inChild<ContractTrial>(deps, 'trial', { source, contract, references, workDir }),
  );
}
