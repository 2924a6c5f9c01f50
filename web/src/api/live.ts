import { useEffect, useState } from 'react';
import type { EventRecord } from '../../../platform/src/contracts/events.ts';
import type { OperationId } from '../../../platform/src/contracts/routes.ts';
import { STREAMS } from '../../../platform/src/contracts/routes.ts';
import { queryClient } from './api.ts';

/** What an event makes stale, by the first word of its type. */
const STALE: Readonly<Record<string, readonly OperationId[]>> = {
  dataset: ['listDatasets', 'getDataset'],
  study: ['listStudies', 'getStudy'],
  run: ['listRuns', 'getRun', 'getRunLogs', 'listPipelines'],
  report: ['listReports', 'getReport'],
  model: ['listModels', 'getModel', 'getVersion'],
  deployment: ['listDeployments', 'getDeployment', 'listPredictions'],
  monitor: ['listMonitors', 'getMonitor'],
};

export type LiveState = 'connecting' | 'live' | 'lost';

/** One stream of events for the whole page: the server says what changed, and only that is fetched again. */
export function useLiveEvents(): LiveState {
  const [state, setState] = useState<LiveState>('connecting');
  useEffect(() => {
    const source = new EventSource(STREAMS.events);
    const stale = new Set<OperationId>();
    let timer: number | undefined;
    const flush = () => {
      timer = undefined;
      for (const operation of [...stale, 'getOverview'])
        void queryClient.invalidateQueries({ queryKey: [operation] });
      stale.clear();
    };
    source.onopen = () => setState('live');
    source.onerror = () => setState('lost');
    source.onmessage = (message) => {
      const event = JSON.parse(message.data as string) as EventRecord;
      for (const operation of STALE[event.type.split('.')[0] ?? ''] ?? []) stale.add(operation);
      // A launch tells many things at once: they are fetched together.
      timer ??= window.setTimeout(flush, 250);
    };
    return () => {
      window.clearTimeout(timer);
      source.close();
    };
  }, []);
  return state;
}
