import './feeding.css';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { type ComponentType, type LazyExoticComponent, lazy, Suspense } from 'react';
import type { DatasetDetail, SnapshotDetail } from '../../../../platform/src/contracts/datasets.ts';
import { useOperation } from '../../api/api.ts';
import { PageHead } from '../../widgets/first-number.tsx';
import { count } from '../../widgets/format.ts';
import { Page } from '../../widgets/page.tsx';
import { Empty, Loaded, Skeleton } from '../../widgets/panel.tsx';
import { Status } from '../../widgets/status.tsx';
import { Headline } from './headline.tsx';
import { writeEvery } from './load-form.ts';
import { type Tab, TabLink, Tabs, useTab } from './tabs.tsx';

export interface TabProps {
  readonly data: DatasetDetail;
  /** The version that is looked at. */
  readonly snapshot: SnapshotDetail;
}

const tab = (load: () => Promise<ComponentType<TabProps>>) =>
  lazy(async () => ({ default: await load() })) as LazyExoticComponent<ComponentType<TabProps>>;

/** Each tab is code of its own: opening one loads no other. */
const TABS: Readonly<Record<string, LazyExoticComponent<ComponentType<TabProps>>>> = {
  columns: tab(async () => (await import('./columns-tab.tsx')).ColumnsTab),
  versions: tab(async () => (await import('./versions-tab.tsx')).VersionsTab),
  quarantine: tab(async () => (await import('./quarantine-tab.tsx')).QuarantineTab),
  contract: tab(async () => (await import('./contract-tab.tsx')).ContractTab),
  splits: tab(async () => (await import('./splits-tab.tsx')).SplitsTab),
  source: tab(async () => (await import('./source-tab.tsx')).SourceTab),
  proposals: tab(async () => (await import('./proposals-tab.tsx')).ProposalsTab),
  rows: tab(async () => (await import('./rows-tab.tsx')).RowsTab),
};

/** The command that shows the same as a tab. */
const COMMANDS: Readonly<Record<string, (name: string, version: number | undefined) => string>> = {
  rows: (name, version) =>
    `slipway data query 'select * from "${name}${version === undefined ? '' : `@v${version}`}"'`,
  versions: (name) => `slipway data diff ${name}`,
  quarantine: (name) => `slipway data quarantine ${name}`,
  contract: (name) => `slipway data contract ${name}`,
  splits: (name) => `slipway data split ${name}`,
  source: (name) => `slipway data add ${name}`,
  proposals: (name) => `slipway data proposals --dataset ${name}`,
};

const KEYS: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  columns: [
    ['j k', 'column'],
    ['/', 'filter'],
  ],
  versions: [['j k', 'version']],
  proposals: [['j k', 'proposal']],
  quarantine: [
    ['j k', 'row'],
    ['e', 'edit'],
    ['x', 'choose'],
  ],
};

export function DatasetPage() {
  const { name } = useParams({ strict: false }) as { name: string };
  const { version } = useSearch({ strict: false }) as { version?: number };
  const dataset = useOperation('getDataset', { params: { name } });
  const current = useTab('columns');
  const isOlder = version !== undefined && version !== dataset.data?.version;
  const older = useOperation(
    'getSnapshot',
    { params: { name, version: version ?? 1 } },
    { enabled: isOlder && dataset.data !== undefined },
  );
  return (
    <Page
      crumbs={[{ name: 'Feeding', to: '/feeding' }, { name }]}
      cli={COMMANDS[current]?.(name, version) ?? `slipway data show ${name}`}
      keys={KEYS[current] ?? []}
    >
      <Loaded query={dataset} lines={8}>
        {(data) =>
          isOlder ? (
            <Loaded query={older}>
              {(snapshot) => <Dataset data={data} snapshot={snapshot} current={current} />}
            </Loaded>
          ) : (
            <Dataset data={data} snapshot={data.current} current={current} />
          )
        }
      </Loaded>
    </Page>
  );
}

function Dataset({ data, snapshot, current }: TabProps & { readonly current: string }) {
  const Shown = TABS[current];
  const errors = data.failing.filter(({ severity }) => severity === 'error').length;
  return (
    <>
      <PageHead
        title={data.name}
        tags={
          <>
            {errors > 0 && (
              <Status kind="fail" pill>
                {errors === 1 ? '1 check fails' : `${errors} checks fail`}
              </Status>
            )}
            {data.freshness === 'stale' && (
              <Status kind="fail" pill>
                Stale
              </Status>
            )}
          </>
        }
        text={<Origin data={data} snapshot={snapshot} />}
        actions={<VersionPick data={data} snapshot={snapshot} />}
      />
      <Headline data={data} snapshot={snapshot} />
      <Tabs label={`Parts of ${data.name}`} tabs={tabsOf(data)} current={current} />
      {Shown === undefined ? (
        <Empty title="There is no such part">
          Go to the <TabLink tab="columns">columns</TabLink>.
        </Empty>
      ) : (
        <Suspense fallback={<Skeleton lines={6} />}>
          <Shown data={data} snapshot={snapshot} />
        </Suspense>
      )}
    </>
  );
}

function tabsOf(data: DatasetDetail): readonly Tab[] {
  const some = (value: number) => (value === 0 ? undefined : count(value));
  return [
    { id: 'columns', name: 'Columns', note: count(data.columns) },
    { id: 'rows', name: 'Rows and SQL' },
    { id: 'versions', name: 'Versions', note: count(data.versions.length) },
    { id: 'quarantine', name: 'Quarantine', note: some(data.held), warns: true },
    {
      id: 'contract',
      name: 'Contract',
      note: data.contractVersion === 0 ? undefined : `v${data.contractVersion}`,
    },
    { id: 'splits', name: 'Splits', note: some(data.splits.length) },
    { id: 'source', name: 'Source' },
    { id: 'proposals', name: 'Proposals', note: some(data.openProposals) },
  ];
}

function Origin({ data, snapshot }: TabProps) {
  const { source } = snapshot;
  const every = data.everySeconds === null ? '' : `, feeds every ${writeEvery(data.everySeconds)}`;
  const models = snapshot.usedBy.map(({ model, version }) => `${model} v${version}`).join(', ');
  return (
    <>
      From <span className="mono">{source.uri}</span> ({source.format}
      {source.compression === 'none' ? '' : `, ${source.compression}`}){every};{' '}
      {models === '' ? 'no model was trained on it' : `trained on it: ${models}`}.
    </>
  );
}

function VersionPick({ data, snapshot }: TabProps) {
  const navigate = useNavigate();
  const namesOf = (version: number) =>
    [
      ...(version === data.version ? ['newest'] : []),
      ...data.tags.filter((tag) => tag.version === version).map((tag) => tag.name),
    ].join(', ');
  return (
    <span className="field inline">
      <label htmlFor="version-pick">Version</label>
      <select
        id="version-pick"
        value={snapshot.version}
        onChange={(event) => {
          const version = Number(event.target.value);
          const search = (old: object) => ({
            ...old,
            version: version === data.version ? undefined : version,
          });
          void navigate({ to: '.', search: search as never });
        }}
      >
        {data.versions.map(({ version, branch }) => (
          <option key={version} value={version}>
            v{version} {branch === 'main' ? '' : `on ${branch}`} {namesOf(version)}
          </option>
        ))}
      </select>
    </span>
  );
}
