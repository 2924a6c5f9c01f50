import { useEffect, useState } from 'react';
import type { EventRecord } from '../../../platform/src/contracts/events.ts';
import type { OperationId } from '../../../platform/src/contracts/routes.ts';
import { STREAMS } from '../../../platform/src/contracts/routes.ts';
import { queryClient } from './api.ts';

/** Where rows came or went, nearly everything about a data set may read otherwise. */
const DATASET: readonly OperationId[] = ['listDatasets', 'getDataset'];
/** What an event makes stale, by its type or the first word of it. */
const STALE: Readonly<Record<string, readonly OperationId[]>> = {
  dataset: [
    ...DATASET,
    ...([
      'getSnapshot',
      'getContract',
      'listQuarantine',
      'listSplits',
      'listProposals',
      'getProposal',
    ] as const),
  ],
  load: DATASET,
  contract: [...DATASET, 'getContract', 'getProposal'],
  quarantine: [...DATASET, 'listQuarantine'],
  proposal: ['getDataset', 'listProposals', 'getProposal'],
  split: ['getDataset', 'listSplits'],
  'run.completed': ['listRuns', 'getRun', 'getRunLogs', 'listPipelines', 'getLoad', ...DATASET],
  'run.failed': ['listRuns', 'getRun', 'getRunLogs', 'listPipelines', 'getLoad', ...DATASET],
  study: ['listStudies', 'getStudy'],
  run: ['listRuns', 'getRun', 'getRunLogs', 'listPipelines'],
  report: ['listReports', 'getReport'],
  model: ['listModels', 'getModel', 'getVersion', 'getDataset'],
  deployment: ['listDeployments', 'getDeployment', 'listPredictions', 'listModels', 'getModel', 'getVersion'],
  monitor: ['listMonitors', 'getMonitor'],
};
/** A launch tells many things at once: they are fetched together. */
const GATHER_MS = 250;
const RECONNECT_MS_MIN = 1_000;
const RECONNECT_MS_MAX = 30_000;

export type LiveState = 'connecting' | 'live' | 'lost';

/** Operations that one event makes stale. */
export function staleAfter(type: string): readonly OperationId[] {
  return [...(STALE[type] ?? STALE[type.split('.')[0] ?? ''] ?? []), 'getOverview', 'listEvents'];
}

/** Wait before the given attempt (from 1) to reach a server that is gone: doubled each time, up to half a minute. */
export function reconnectMs(attempt: number): number {
  return Math.min(RECONNECT_MS_MAX, RECONNECT_MS_MIN * 2 ** Math.min(20, attempt - 1));
}

/** One stream of events for the whole page: the server says what changed, and only that is fetched again. */
export function useLiveEvents(): LiveState {
  const [state, setState] = useState<LiveState>('connecting');
  useEffect(() => follow(setState), []);
  return state;
}

function follow(tell: (state: LiveState) => void): () => void {
  const stale = new Set<OperationId>();
  let source: EventSource | undefined;
  let gathering: number | undefined;
  let waiting: number | undefined;
  let attempt = 0;
  let missed = false;
  const flush = () => {
    gathering = undefined;
    for (const operation of stale) void queryClient.invalidateQueries({ queryKey: [operation] });
    stale.clear();
  };
  const connect = () => {
    source = new EventSource(STREAMS.events);
    source.onopen = () => {
      attempt = 0;
      tell('live');
      // What happened meanwhile is not known one by one.
      if (missed) void queryClient.invalidateQueries();
      missed = false;
    };
    source.onerror = () => {
      missed = true;
      tell('lost');
      // The browser comes back by itself unless it was refused.
      if (source?.readyState !== EventSource.CLOSED) return;
      attempt += 1;
      waiting = window.setTimeout(connect, reconnectMs(attempt));
    };
    source.onmessage = (message) => {
      const event = JSON.parse(message.data as string) as EventRecord;
      for (const operation of staleAfter(event.type)) stale.add(operation);
      gathering ??= window.setTimeout(flush, GATHER_MS);
    };
  };
  connect();
  return () => {
    window.clearTimeout(gathering);
    window.clearTimeout(waiting);
    source?.close();
  };
}
