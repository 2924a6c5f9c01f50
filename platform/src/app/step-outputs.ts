import type { ModelCard, ModelSignature } from '../contracts/models.ts';
import type { GuardFinding, LeaderboardRow, Schedule } from '../contracts/studies.ts';
import type { Finding, MetricEstimate, Verdict } from '../contracts/validations.ts';
import type { SplitRule } from '../estimators/bundle.ts';
import type { Task } from '../estimators/types.ts';
import type { JsonObject } from '../pipelines/types.ts';
import type { Coercions } from '../tables/coercion.ts';
import type { TableSchema } from '../tables/table.ts';

/** What each step of a launch leaves for the next and for the result. All of it JSON; files are named by their blob digest. */
export interface FedSnapshot {
  readonly dataset: string;
  readonly version: number;
  readonly snapshot: string;
  readonly rows: number;
  readonly quarantined: number;
  readonly columns: number;
  readonly partDigest: string;
  readonly schema: TableSchema;
  readonly fingerprint: string;
}

export interface FeedOutputs extends FedSnapshot {
  readonly test: FedSnapshot | null;
}

export interface SelectOutputs {
  readonly studyId: string;
  readonly target: string;
  readonly task: Task;
  readonly metric: string;
  readonly guards: readonly GuardFinding[];
  readonly leaderboard: readonly LeaderboardRow[];
  readonly schedule: Schedule;
  readonly split: SplitRule;
  readonly splitDescription: string;
  readonly trainRows: number;
  readonly testRows: number;
  readonly classes: readonly { readonly label: string; readonly rows: number; readonly fitted: boolean }[];
  readonly signature: ModelSignature;
  readonly coercions: Coercions;
  readonly winner: string;
  readonly modelDigest: string;
  readonly onnxDigest: string;
  /** Blob of the winner as its trainer left it (`StoredModel`). */
  readonly trainedModelDigest: string;
  readonly baselines: readonly { readonly name: string; readonly onnxDigest: string }[];
  readonly importance: readonly { readonly feature: string; readonly importance: number }[];
  /** Epoch ms at which the first model was loaded for serving; null when it was answered from the journal. */
  readonly firstModelAt: number | null;
  readonly firstModelSeconds: number;
}

export interface PackageOutputs {
  readonly modelDigest: string;
  readonly bundleDigest: string;
  readonly onnxDigest: string;
  readonly baselineDigest: string;
  /** Blob of an `ExplainableModel`. */
  readonly explainerDigest: string;
  readonly bytes: number;
  readonly family: string;
  readonly parity: { readonly rows: number; readonly maxAbsDelta: number; readonly tolerance: number };
  readonly card: ModelCard;
}

export interface ValidateOutputs {
  readonly reportId: string;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  readonly metric: MetricEstimate;
  readonly metrics: readonly MetricEstimate[];
  /** Blob of an `Explanation`; null when it could not be computed. */
  readonly explanationDigest: string | null;
}

export interface DeployOutputs {
  readonly model: string;
  readonly version: number;
  readonly revision: number;
  readonly url: string;
}

export interface LaunchOutputs {
  readonly feed: FeedOutputs;
  readonly select: SelectOutputs;
  readonly package: PackageOutputs;
  readonly validate: ValidateOutputs;
  readonly deploy: DeployOutputs;
  readonly monitor: { readonly monitor: string };
}

/** Typed view of an earlier step's outputs. The pipeline stores them as JSON; the launch is the only writer and reader. */
export function outputsOf<S extends keyof LaunchOutputs>(
  context: { outputsOf(step: string): JsonObject },
  step: S,
): LaunchOutputs[S] {
  return context.outputsOf(step) as unknown as LaunchOutputs[S];
}

export function asJson(value: LaunchOutputs[keyof LaunchOutputs] | FedSnapshot): JsonObject {
  return value as unknown as JsonObject;
}
