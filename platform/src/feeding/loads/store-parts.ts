import { join } from 'node:path';
import type { LoadMode } from '../../contracts/data-loads.ts';
import { canonicalJson } from '../../kernel/canonical-json.ts';
import type { TableSchema } from '../../tables/table.ts';
import { type FeedingContext, inChild, inFolder } from '../context.ts';
import { mergeStatistics } from '../statistics.ts';
import type { PartStatistics, SnapshotPart, SnapshotRow } from '../types.ts';
import type { LoadOutcome, NewPart } from './job.ts';

/** Parts of the version before that stay, and what their rows add up to. */
export async function keptParts(
  deps: FeedingContext,
  {
    outcome,
    head,
    mode,
  }: {
    readonly outcome: LoadOutcome;
    readonly head: SnapshotRow | undefined;
    readonly mode: LoadMode;
  },
): Promise<{ parts: SnapshotPart[]; statistics: PartStatistics | undefined }> {
  if (head === undefined || mode === 'replace') return { parts: [], statistics: undefined };
  const replaced = new Map(outcome.replaced.map(({ digest, part }) => [digest, part]));
  const same = isSameSchema(head.manifest.schema, outcome.schema);
  // Untouched parts need no second look: what they add up to is known.
  if (replaced.size === 0 && same && head.manifest.statistics !== undefined) {
    return { parts: [...head.manifest.parts], statistics: await readJson(deps, head.manifest.statistics) };
  }
  const parts: SnapshotPart[] = [];
  let statistics: PartStatistics | undefined;
  for (const part of head.manifest.parts) {
    const change = replaced.get(part.digest);
    if (change === null) continue;
    const stored =
      change !== undefined
        ? await storePart(deps, change)
        : same
          ? { part, statistics: await statisticsOf(deps, head, part) }
          : await conformed(deps, part, outcome.schema);
    parts.push(stored.part);
    statistics =
      statistics === undefined ? stored.statistics : mergeStatistics(statistics, stored.statistics);
  }
  return { parts, statistics };
}

function isSameSchema(a: TableSchema, b: TableSchema): boolean {
  const shape = ({ columns }: TableSchema) => JSON.stringify(columns.map(({ name, type }) => [name, type]));
  return shape(a) === shape(b);
}

/** An older part under a newer schema: all parts of a version have the same columns and types, so that what they say of rows adds up. */
function conformed(
  deps: FeedingContext,
  part: SnapshotPart,
  schema: TableSchema,
): Promise<{ part: SnapshotPart; statistics: PartStatistics }> {
  return inFolder(deps, 'conform', async (workDir) => {
    const path = join(workDir, 'part.parquet');
    const old = await deps.blobs.localPath(part.digest);
    const source = { dataset: '', version: 0, snapshot: '', schema, paths: [old] };
    const statistics = await inChild<PartStatistics>(deps, 'compact', { source, path, workDir });
    return storePart(deps, { path, rows: statistics.rows, statistics });
  });
}

/** A part's own statistics; those of format 1 are measured now. */
async function statisticsOf(
  deps: FeedingContext,
  head: SnapshotRow,
  part: SnapshotPart,
): Promise<PartStatistics> {
  if (part.statistics !== undefined) return readJson(deps, part.statistics);
  const path = await deps.blobs.localPath(part.digest);
  const { schema } = head.manifest;
  return deps.isolate.run<unknown, PartStatistics>('data', {
    op: 'measure',
    input: { path, schema, workDir: deps.workRoot },
  });
}

export async function storePart(
  deps: FeedingContext,
  { path, rows, statistics }: NewPart,
): Promise<{ part: SnapshotPart; statistics: PartStatistics }> {
  const blob = await deps.blobs.putFile(path, { consume: true });
  const { digest } = await putJson(deps, statistics);
  return { part: { ...blob, rows, statistics: digest }, statistics };
}

export async function putJson(deps: FeedingContext, value: unknown): Promise<{ digest: string }> {
  return deps.blobs.put(new TextEncoder().encode(canonicalJson(value)));
}

async function readJson<T>(deps: FeedingContext, digest: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await deps.blobs.get(digest))) as T;
}
