import type { DeploymentSummary } from '../contracts/deployments.ts';
import type { MonitorSummary } from '../contracts/monitors.ts';
import type { RunDetail, RunSummary } from '../contracts/runs.ts';
import type { Overview } from '../contracts/system.ts';
import type { App } from './app.ts';

/** Everything of the first thousand: the home page of one project. Beyond that the rooms' own pages page. */
const ITEMS = 1000;
/** Only the newest failure of a name is open: a later success closes it. */
const OPEN_ITEMS_MAX = 50;

type Rooms = Pick<
  App,
  'feeding' | 'selection' | 'pipelines' | 'validation' | 'deployment' | 'monitoring' | 'registry'
>;

export async function overviewOf(rooms: Rooms): Promise<Overview> {
  const [datasets, studies, runs, reports, deployments, monitors, models] = await Promise.all([
    rooms.feeding.list({ limit: ITEMS }),
    rooms.selection.list({ limit: ITEMS }),
    rooms.pipelines.runs({ limit: ITEMS }),
    rooms.validation.list({ limit: ITEMS }),
    rooms.deployment.list({ limit: ITEMS }),
    rooms.monitoring.list({ limit: ITEMS }),
    rooms.registry.list({ limit: ITEMS }),
  ]);
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
  const failed = openFailures(runs.items);
  return {
    rooms: {
      feeding: {
        datasets: datasets.items.length,
        rows: total(datasets.items.map((dataset) => dataset.rows)),
        quarantined: total(datasets.items.map((dataset) => dataset.quarantined)),
      },
      selection: {
        studies: studies.items.length,
        running: studies.items.filter((study) => study.status === 'running').length,
      },
      pipelines: {
        runs: runs.items.length,
        running: runs.items.filter((run) => run.status === 'running').length,
        failed: failed.length,
      },
      validation: {
        reports: reports.items.length,
        failed: reports.items.filter((report) => report.verdict === 'fail' || report.verdict === 'error')
          .length,
      },
      deployment: {
        deployments: deployments.items.length,
        requests: total(deployments.items.map((deployment) => deployment.traffic.requests)),
        errors: total(deployments.items.map((deployment) => deployment.traffic.errors)),
      },
      monitoring: {
        monitors: monitors.items.length,
        drifting: monitors.items.filter((monitor) => monitor.status === 'drifting').length,
      },
      registry: {
        models: models.items.length,
        versions: total(models.items.map((model) => model.latestVersion)),
      },
    },
    open: [
      ...(await Promise.all(failed.map(async (run) => runItem(await rooms.pipelines.run(run.id))))),
      ...deployments.items.flatMap(deploymentItems),
      ...monitors.items.filter((monitor) => monitor.status === 'drifting').map(monitorItem),
    ].slice(0, OPEN_ITEMS_MAX),
  };
}

function openFailures(runs: readonly RunSummary[]): RunSummary[] {
  const newest = new Map<string, RunSummary>();
  for (const run of runs) {
    const key = `${run.pipeline}/${run.name}`;
    const known = newest.get(key);
    if (known === undefined || known.createdAt < run.createdAt) newest.set(key, run);
  }
  return [...newest.values()].filter((run) => run.status === 'failed' || run.status === 'interrupted');
}

function runItem(run: RunDetail): Overview['open'][number] {
  const step = run.steps.find((candidate) => candidate.status === 'failed');
  const refused = run.error?.code === 'GATE_REFUSED';
  return {
    kind: refused ? 'verdict' : 'run',
    title: refused
      ? `${run.name} may not ship`
      : `${run.name}: ${run.status}${step === undefined ? '' : ` at ${step.name}`}`,
    detail:
      run.error?.message ?? 'The server stopped while it ran. Start it again: finished steps are not redone.',
    time: run.createdAt,
    link: `/pipelines/${run.id}`,
    severity: run.status === 'failed' ? 'fail' : 'warn',
  };
}

function deploymentItems(deployment: DeploymentSummary): Overview['open'] {
  const link = `/deployment/${deployment.name}`;
  const item = (title: string, detail: string, severity: 'fail' | 'warn') => ({
    kind: 'deployment',
    title,
    detail,
    time: deployment.updatedAt,
    link,
    severity,
  });
  return [
    ...(deployment.status === 'failed'
      ? [item(`${deployment.name} does not serve`, 'Its model could not be loaded.', 'fail')]
      : []),
    ...(deployment.traffic.logGap > 0
      ? [
          item(
            `${deployment.name}: ${deployment.traffic.logGap} predictions are not in the log`,
            'The disk was full; serving went on.',
            'warn',
          ),
        ]
      : []),
  ];
}

function monitorItem(monitor: MonitorSummary): Overview['open'][number] {
  return {
    kind: 'drift',
    title: `${monitor.name}: ${monitor.drifted} of ${monitor.features} features beyond their bound`,
    detail: `${monitor.rows} predictions compared with the training part of v${monitor.version}.`,
    time: monitor.lastSeenAt ?? monitor.createdAt,
    link: `/monitoring/${monitor.name}`,
    severity: 'warn',
  };
}
