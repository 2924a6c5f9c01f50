import { useOperation } from '../../api/api.ts';
import { DataTable } from '../../widgets/data-table.tsx';
import { FirstNumber, PageHead } from '../../widgets/first-number.tsx';
import { age, bytes, count } from '../../widgets/format.ts';
import { Page } from '../../widgets/page.tsx';
import { Empty, Loaded, Panel } from '../../widgets/panel.tsx';

export function DatasetsPage() {
  const datasets = useOperation('listDatasets', {});
  return (
    <Page
      crumbs={[{ name: 'Feeding' }]}
      cli="slipway data ls"
      keys={[
        ['j k', 'move'],
        ['Enter', 'open'],
      ]}
    >
      <PageHead title="Data sets" text="Immutable snapshots: what was loaded, what was refused and why." />
      <Loaded query={datasets}>
        {({ items }) => (
          <>
            <FirstNumber
              label="Rows, and rows quarantined"
              value={count(items.reduce((sum, item) => sum + item.rows, 0))}
              unit={`+ ${count(items.reduce((sum, item) => sum + item.quarantined, 0))} quarantined`}
              note="Newest snapshot of each data set; loaded + quarantined = rows in the source, proven at each load"
              stats={[
                { label: 'Data sets', value: count(items.length) },
                { label: 'Snapshots', value: count(items.reduce((sum, item) => sum + item.version, 0)) },
                { label: 'Stored', value: bytes(items.reduce((sum, item) => sum + item.bytes, 0)) },
              ]}
            />
            <Panel title="All data sets" meta={`${items.length}, newest first`} flush>
              {items.length === 0 ? (
                <Empty title="No data set yet">
                  Feed one with <span className="mono">slipway launch rows.csv --target column</span>.
                </Empty>
              ) : (
                <DataTable
                  caption="Data sets"
                  keyboard
                  rows={items}
                  keyOf={(item) => item.name}
                  open={(item) => `/feeding/${item.name}`}
                  columns={[
                    { name: 'Name', cell: (item) => <b className="strong">{item.name}</b> },
                    { name: 'Version', cell: (item) => <span className="tag">v{item.version}</span> },
                    { name: 'Rows', numeric: true, cell: (item) => count(item.rows) },
                    { name: 'Quarantined', numeric: true, cell: (item) => count(item.quarantined) },
                    { name: 'Columns', numeric: true, cell: (item) => count(item.columns) },
                    { name: 'Size', numeric: true, cell: (item) => bytes(item.bytes) },
                    { name: 'Source', cell: (item) => <span className="mono">{item.source}</span> },
                    { name: 'Fed', numeric: true, cell: (item) => `${age(item.updatedAt, Date.now())} ago` },
                  ]}
                />
              )}
            </Panel>
          </>
        )}
      </Loaded>
    </Page>
  );
}
