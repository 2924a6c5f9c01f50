import type { ContractTrial } from '../../contracts/data-contracts.ts';
import type { DatasetDiff, ProposalCheck, ProposalSummary } from '../../contracts/data-versions.ts';
import { type BranchBody, currentContract, type FeedingContext, findVersion } from '../context.ts';
import { trialOf } from '../contracts/contract-service.ts';

/** Share of rows that may leave before the check fails: more is rarely meant. */
const REMOVED_SHARE_MAX = 0.5;

/** What is looked at before a proposal may be merged. */
export async function checksOf(
  deps: FeedingContext,
  proposal: ProposalSummary,
  diff: DatasetDiff | null,
): Promise<ProposalCheck[]> {
  const head = await findVersion(deps, proposal.dataset, proposal.head);
  const checks: ProposalCheck[] = [];
  const add = (check: string, status: ProposalCheck['status'], message: string) =>
    checks.push({ check, status, message });
  const branch = await deps.records.get<BranchBody>('branch', proposal.dataset, proposal.branch);
  const moved = branch !== undefined && branch.body.base !== proposal.base;
  add(
    'up-to-date',
    moved ? 'fail' : 'pass',
    moved
      ? `main went on to v${proposal.base} since the branch began at v${branch.body.base}: merging would undo that`
      : 'main is where the branch began',
  );
  const contract = await currentContract(deps, proposal.dataset);
  if (contract !== undefined) {
    const trial = await trialAt(deps, proposal, contract.body);
    const worst = trial.violations[0];
    const rows = trial.violations.reduce((sum, violation) => sum + violation.rows, 0);
    add(
      'contract',
      worst === undefined ? 'pass' : 'fail',
      worst === undefined
        ? `all ${trial.rows} rows keep the contract`
        : `${rows} violations, first ${worst.column}: ${worst.rule}`,
    );
  }
  if (diff !== null) {
    const share = diff.rowsFrom === 0 ? 0 : diff.removed / diff.rowsFrom;
    add(
      'removed rows',
      share > REMOVED_SHARE_MAX ? 'fail' : share > 0 ? 'warn' : 'pass',
      `${diff.removed} of ${diff.rowsFrom} rows leave`,
    );
    const lost = diff.columns.filter(({ change }) => change === 'removed' || change === 'retyped');
    const names = lost.map(({ column }) => column).join(', ');
    add(
      'columns',
      lost.length > 0 ? 'warn' : 'pass',
      lost.length > 0 ? `columns leave or change type: ${names}` : 'no column leaves',
    );
    const drifted = diff.columns.filter(({ significant }) => significant);
    add(
      'distributions',
      drifted.length > 0 ? 'warn' : 'pass',
      drifted.length > 0
        ? `${drifted.length} columns differ significantly: ${drifted
            .map(({ column }) => column)
            .slice(0, 10)
            .join(', ')}`
        : 'no column differs significantly',
    );
  }
  add(
    'quarantine',
    head.manifest.quarantined > 0 ? 'warn' : 'pass',
    `${head.manifest.quarantined} rows were kept back`,
  );
  return checks;
}

function trialAt(
  deps: FeedingContext,
  proposal: ProposalSummary,
  body: Parameters<typeof trialOf>[2],
): Promise<ContractTrial> {
  return trialOf(deps, proposal.dataset, body, proposal.head);
}
