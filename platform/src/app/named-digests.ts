import type { SqlStores } from '../adapters/sql/index.ts';

/**
 * Which of these digests something outside the data sets names: models and their bundles, outputs of runs (a launch answers from
 * them), reports, monitors. Asked of the database as text, so that a reference nobody thought of still protects its file.
 */
export async function namedDigests(
  stores: Pick<SqlStores, 'mentions'>,
  digests: readonly string[],
): Promise<ReadonlySet<string>> {
  const named = new Set<string>();
  for (const digest of digests) if (await stores.mentions(digest)) named.add(digest);
  return named;
}
