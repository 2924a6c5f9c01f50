import { type UseMutationResult, useMutation } from '@tanstack/react-query';
import type { OperationId } from '../../../platform/src/contracts/routes.ts';
import { queryClient } from './api.ts';

/** Something a person does; what it makes stale is fetched again at once, before the live event of it arrives. */
export function useAction<In, Out>(
  work: (input: In) => Promise<Out>,
  stale: readonly OperationId[] = [],
  then?: (out: Out, input: In) => void,
): UseMutationResult<Out, Error, In> {
  return useMutation<Out, Error, In>({
    mutationFn: work,
    onSuccess: async (out, input) => {
      await Promise.all(stale.map((operation) => queryClient.invalidateQueries({ queryKey: [operation] })));
      then?.(out, input);
    },
  });
}
