import { useQueries } from '@tanstack/react-query';
import type { LoadResult } from '../../../../platform/src/contracts/data-loads.ts';
import { client } from '../../api/api.ts';

/** How several loads went, by run. Live events of runs refresh them. */
export function useLoadResults(runIds: readonly string[]): ReadonlyMap<string, LoadResult> {
  const found = useQueries({
    queries: runIds.map((id) => ({
      queryKey: ['getLoad', { params: { id } }],
      queryFn: ({ signal }: { signal: AbortSignal }): Promise<LoadResult> =>
        client.call('getLoad', { params: { id } }, { signal }),
    })),
  });
  return new Map(found.flatMap(({ data }) => (data === undefined ? [] : [[data.runId, data] as const])));
}
