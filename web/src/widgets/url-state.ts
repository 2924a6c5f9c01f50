import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';

export type SetUrlState = (value: string | undefined, how?: 'replace' | 'push') => void;

/**
 * One part of the page's state, kept in the address so that a link shows the same. Replaces by default (adjusting); `push` is for
 * opening something, so that the browser's back button closes it. Other parts of the address stay as they are.
 */
export function useUrlState(key: string): [string | undefined, SetUrlState] {
  const search = useSearch({ strict: false }) as Readonly<Record<string, unknown>>;
  const navigate = useNavigate();
  const set = useCallback<SetUrlState>(
    (value, how = 'replace') => {
      const change = (old: Readonly<Record<string, unknown>>) => ({ ...old, [key]: value });
      void navigate({ to: '.', search: change as never, replace: how === 'replace' });
    },
    [key, navigate],
  );
  const value = search[key];
  return [value === undefined || value === null ? undefined : String(value), set];
}
