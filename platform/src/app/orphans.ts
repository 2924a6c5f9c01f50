import type { SqlStores } from '../adapters/sql/index.ts';
import type { BlobStore } from '../ports/blobs.ts';

/** A file that nothing names and nobody touched for this long was left by something that died: a load, a launch, a collection. */
const UNTOUCHED_MS = 24 * 3600 * 1000;
/** Blobs that name others (manifests, bundles) are small JSON; a larger one is data. */
const NAMING_BYTES_MAX = 16 * 1024 * 1024;
const DIGEST = /[0-9a-f]{64}/g;
const OPENING_BRACE = 0x7b;

/**
 * Removes files that nothing refers to, by mark and sweep: whatever a record of the database names is kept, and whatever those files
 * name in turn. A text that merely looks like a reference keeps a file; nothing makes one go that is referred to.
 */
export async function sweepOrphans(
  { digests }: Pick<SqlStores, 'digests'>,
  blobs: BlobStore,
  { dryRun }: { readonly dryRun: boolean },
): Promise<{ blobs: number; bytes: number }> {
  const marked = new Set<string>();
  const waiting: string[] = [];
  const mark = (digest: string) => {
    if (marked.has(digest)) return;
    marked.add(digest);
    waiting.push(digest);
  };
  for await (const digest of digests()) mark(digest);
  for (let digest = waiting.pop(); digest !== undefined; digest = waiting.pop())
    for (const named of await namesIn(blobs, digest)) mark(named);
  const swept = { blobs: 0, bytes: 0 };
  for await (const { digest, bytes } of blobs.list()) {
    if (marked.has(digest)) continue;
    if (!dryRun && !(await blobs.delete(digest, { untouchedMs: UNTOUCHED_MS }))) continue;
    swept.blobs++;
    swept.bytes += bytes;
  }
  return swept;
}

async function namesIn(blobs: BlobStore, digest: string): Promise<readonly string[]> {
  const size = await blobs.size(digest);
  if (size === undefined || size > NAMING_BYTES_MAX) return [];
  const data = await blobs.get(digest);
  return data[0] === OPENING_BRACE ? (new TextDecoder().decode(data).match(DIGEST) ?? []) : [];
}
