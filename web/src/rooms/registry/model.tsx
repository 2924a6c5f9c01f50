import { useParams } from '@tanstack/react-router';
import { useOperation } from '../../api/api.ts';
import { DataTable } from '../../widgets/data-table.tsx';
import { FirstNumber, PageHead } from '../../widgets/first-number.tsx';
import { age, bytes, count, fixed, short } from '../../widgets/format.ts';
import { Page } from '../../widgets/page.tsx';
import { Loaded, Panel } from '../../widgets/panel.tsx';
import { StatusOf, VERDICT } from '../../widgets/status.tsx';

export function ModelPage() {
  const { name } = useParams({ strict: false }) as { name: string };
  const model = useOperation('getModel', { params: { name } });
  return (
    <Page
      crumbs={[{ name: 'Registry', to: '/registry' }, { name }]}
      cli={`slipway models show ${name}`}
      keys={[
        ['j k', 'move'],
        ['Enter', 'open'],
      ]}
    >
      <Loaded query={model}>
        {(data) => (
          <>
            <PageHead
              title={data.name}
              tags={
                data.championVersion !== null && (
                  <span className="tag live">v{data.championVersion} champion</span>
                )
              }
              text={
                <>
                  Predicts <span className="mono">{data.target}</span> ({data.task}).
                </>
              }
            />
            <FirstNumber
              label={`${data.metric.metric}, held out, v${data.latestVersion}`}
              value={fixed(data.metric.value, 4)}
              unit={
                data.metric.interval === null
                  ? undefined
                  : `${fixed(data.metric.interval.low, 4)} – ${fixed(data.metric.interval.high, 4)}`
              }
              stats={[
                { label: 'Versions', value: count(data.versions.length) },
                { label: 'Size', value: bytes(data.versions[0]?.bytes) },
                { label: 'Updated', value: age(data.updatedAt, Date.now()), unit: 'ago' },
              ]}
            />
            <Panel title="Versions" meta="newest first" flush>
              <DataTable
                caption="Versions"
                keyboard
                rows={data.versions}
                keyOf={(version) => String(version.version)}
                open={(version) => `/registry/${name}/${version.version}`}
                columns={[
                  { name: 'Version', cell: (version) => <span className="tag">v{version.version}</span> },
                  {
                    name: 'Aliases',
                    cell: (version) =>
                      version.aliases.map((alias) => (
                        <span key={alias} className="tag live">
                          {alias}
                        </span>
                      )),
                  },
                  { name: 'Verdict', cell: (version) => <StatusOf of={VERDICT} value={version.verdict} /> },
                  { name: 'Family', cell: (version) => version.family },
                  {
                    name: 'Held out',
                    numeric: true,
                    cell: (version) => `${version.metric.metric} ${fixed(version.metric.value, 4)}`,
                  },
                  { name: 'Size', numeric: true, cell: (version) => bytes(version.bytes) },
                  {
                    name: 'Digest',
                    cell: (version) => <span className="mono">{short(version.digest)}</span>,
                  },
                  { name: 'Age', numeric: true, cell: (version) => age(version.createdAt, Date.now()) },
                ]}
              />
            </Panel>
          </>
        )}
      </Loaded>
    </Page>
  );
}
