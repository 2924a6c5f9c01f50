import type { LaunchRequest } from '../contracts/launch.ts';
import type { Policy } from '../contracts/validations.ts';
import type { Task } from '../estimators/types.ts';
import { digestOf } from '../kernel/canonical-json.ts';
import { nameFrom, requireName } from '../kernel/names.ts';
import type { JsonObject } from '../pipelines/types.ts';
import type { ExternalEnvironment } from '../selection/ports.ts';
import type { ColumnType } from '../tables/table.ts';
import type { SourceFile } from './source-file.ts';

/** A launch with every default filled in: the parameters of its pipeline run. Plain JSON. */
export interface LaunchPlan {
  readonly name: string;
  /** Null: the rows are a data set's. */
  readonly source: SourceFile | null;
  readonly data: { readonly dataset: string; readonly version: number; readonly snapshot: string } | null;
  readonly testSource: SourceFile | null;
  readonly target: string;
  readonly task: 'auto' | Task;
  readonly positive: string | null;
  readonly metric: string | null;
  readonly exclude: readonly string[];
  readonly types: Readonly<Record<string, ColumnType>>;
  readonly header: 'auto' | 'yes' | 'no';
  readonly budgetSeconds: number;
  readonly position: number | null;
  readonly seed: number;
  readonly time: string | null;
  readonly group: string | null;
  readonly leaks: 'exclude' | 'fail' | 'keep';
  readonly families: 'node' | 'all';
  /** The Python that fits external families; null: none was asked for, or none is there. */
  readonly external: ExternalEnvironment | null;
  readonly policy: Policy;
  /** Process start of whoever asked, epoch ms; not part of the key. */
  readonly startedAt: number;
}

/** Ending that says how a file is packed or written, not what it is about. */
const ENDINGS = /(\.(csv|tsv|txt|tab|ndjson|jsonl|json|parquet|pq|gz|gzip|zst|zstd))+$/i;

export function planLaunch(
  request: LaunchRequest,
  rows: Pick<LaunchPlan, 'source' | 'data' | 'testSource' | 'external'>,
  now: number,
): LaunchPlan {
  const name =
    request.name ?? rows.data?.dataset ?? nameFrom((rows.source?.fileName ?? '').replace(ENDINGS, ''));
  return {
    name: requireName('model', name),
    source: rows.source,
    data: rows.data,
    testSource: rows.testSource,
    target: request.target,
    task: request.task ?? 'auto',
    positive: request.positive ?? null,
    metric: request.metric ?? null,
    exclude: [...new Set(request.exclude ?? [])].sort(),
    types: request.types ?? {},
    header: request.header ?? 'auto',
    budgetSeconds: request.budgetSeconds ?? 30,
    position: request.position ?? null,
    seed: request.seed ?? 0,
    time: request.time ?? null,
    group: request.group ?? null,
    leaks: request.leaks ?? 'exclude',
    families: request.families ?? 'node',
    external: rows.external,
    policy: request.policy ?? {},
    startedAt: request.startedAt ?? now,
  };
}

/** Identity of the whole launch. Two launches with the same key are the same work, whenever and from wherever they are asked. */
export function launchKey(plan: LaunchPlan, codeDigest: string, project = 'default'): string {
  const { startedAt: _ignored, source, testSource, ...options } = plan;
  return digestOf({
    project,
    source: source?.digest ?? null,
    test: testSource?.digest ?? null,
    options,
    codeDigest,
  });
}

export function planToParams(plan: LaunchPlan): JsonObject {
  return plan as unknown as JsonObject;
}

export function planFromParams(params: JsonObject): LaunchPlan {
  return params as unknown as LaunchPlan;
}
