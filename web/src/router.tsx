import { createRootRoute, createRoute, createRouter, Link, lazyRouteComponent } from '@tanstack/react-router';
import { Empty, Failure, Skeleton } from './widgets/panel.tsx';
import { Shell } from './widgets/shell.tsx';

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => (
    <Empty title="There is no such page">
      The address may be of another version.{' '}
      <Link className="link" to="/">
        Go home
      </Link>
      .
    </Empty>
  ),
});

/** One chunk per room: a page loads only its own code. */
const route = <P extends string>(path: P, load: () => Promise<Record<string, unknown>>, name: string) =>
  createRoute({
    getParentRoute: () => root,
    path,
    component: lazyRouteComponent(load as never, name as never),
  });

const routes = [
  route('/', () => import('./rooms/home/home.tsx'), 'HomePage'),
  route('/feeding', () => import('./rooms/feeding/datasets.tsx'), 'DatasetsPage'),
  route('/feeding/$name', () => import('./rooms/feeding/dataset.tsx'), 'DatasetPage'),
  route('/selection', () => import('./rooms/selection/studies.tsx'), 'StudiesPage'),
  route('/selection/$id', () => import('./rooms/selection/study.tsx'), 'StudyPage'),
  route('/pipelines', () => import('./rooms/pipelines/runs.tsx'), 'RunsPage'),
  route('/pipelines/$id', () => import('./rooms/pipelines/run.tsx'), 'RunPage'),
  route('/validation', () => import('./rooms/validation/reports.tsx'), 'ReportsPage'),
  route('/validation/$id', () => import('./rooms/validation/report.tsx'), 'ReportPage'),
  route('/registry', () => import('./rooms/registry/models.tsx'), 'ModelsPage'),
  route('/registry/$name', () => import('./rooms/registry/model.tsx'), 'ModelPage'),
  route('/registry/$name/$version', () => import('./rooms/registry/version.tsx'), 'VersionPage'),
  route('/deployment', () => import('./rooms/deployment/deployments.tsx'), 'DeploymentsPage'),
  route('/deployment/$name', () => import('./rooms/deployment/deployment.tsx'), 'DeploymentPage'),
  route('/monitoring', () => import('./rooms/monitoring/monitors.tsx'), 'MonitorsPage'),
  route('/monitoring/$name', () => import('./rooms/monitoring/monitor.tsx'), 'MonitorPage'),
];

export const router = createRouter({
  routeTree: root.addChildren(routes),
  defaultPreload: 'intent',
  defaultPendingComponent: () => <Skeleton lines={8} />,
  defaultErrorComponent: ({ error, reset }) => <Failure error={error as Error} onRetry={reset} />,
});
