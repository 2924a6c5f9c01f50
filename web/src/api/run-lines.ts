import { useEffect, useState } from 'react';
import type { LaunchLine, LaunchProgress } from '../../../platform/src/contracts/launch.ts';
import { pathOf, STREAMS } from '../../../platform/src/contracts/routes.ts';
import { queryClient } from './api.ts';

export interface RunLines {
  readonly progress: LaunchProgress | undefined;
  readonly ended: boolean;
}

/** Follows one run by its stream of lines until its result. */
export function useRunLines(runId: string): RunLines {
  const [lines, setLines] = useState<RunLines>({ progress: undefined, ended: false });
  useEffect(() => {
    setLines({ progress: undefined, ended: false });
    const source = new EventSource(pathOf(STREAMS.run, { id: runId }));
    const end = () => {
      source.close();
      setLines((old) => ({ ...old, ended: true }));
      for (const key of ['getLoad', 'getDataset', 'listDatasets'])
        void queryClient.invalidateQueries({ queryKey: [key] });
    };
    source.onmessage = (message) => {
      const line = JSON.parse(message.data as string) as LaunchLine;
      if (line.type === 'progress') setLines({ progress: line, ended: false });
      if (line.type === 'result') end();
    };
    // Refused, or ended by the server: how it went is asked for and not guessed.
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) end();
    };
    return () => source.close();
  }, [runId]);
  return lines;
}
