import { FirstNumber } from '../../widgets/first-number.tsx';
import { age, bytes, count, fixed, many, short } from '../../widgets/format.ts';
import type { TabProps } from './dataset.tsx';
import { writeEvery } from './load-form.ts';

/** Rows and rows kept back, with the proof of the load that made the version. */
export function Headline({ data, snapshot }: TabProps) {
  const before = data.versions.find(({ version }) => version === snapshot.parent);
  const failing = data.failing.filter(({ severity }) => severity === 'error');
  const warnings = data.failing.filter(({ severity }) => severity === 'warning');
  const { contractVersion, everySeconds } = data;
  const limit = everySeconds === null ? 'no schedule' : `every ${writeEvery(everySeconds)}`;
  return (
    <FirstNumber
      label="Rows, and rows held in quarantine"
      value={count(snapshot.rows)}
      unit={`+ ${count(data.held)} held`}
      note={
        before === undefined
          ? `v${snapshot.version}, the first`
          : `${difference(snapshot.rows - before.rows)} rows since v${before.version}`
      }
      gauge={<Accounting snapshot={snapshot} />}
      stats={[
        {
          label: 'Checks',
          value: failing.length === 0 ? 'pass' : `${failing.length} failing`,
          note:
            failing[0]?.message ??
            (warnings.length === 0 ? 'nothing needs a look' : many(warnings.length, 'warning')),
        },
        {
          label: 'Freshness',
          value: age(snapshot.createdAt, Date.now()),
          note: data.freshness === 'none' ? limit : `${data.freshness}; ${limit}`,
        },
        {
          label: 'Contract',
          value: contractVersion === 0 ? 'none' : `v${contractVersion}`,
          note: `this version was checked by v${snapshot.contractVersion}`,
        },
        {
          label: 'Size',
          value: bytes(snapshot.bytes),
          note: `${short(snapshot.snapshot)}, ${many(snapshot.parts.length, 'part')}`,
        },
      ]}
    />
  );
}

const difference = (rows: number) => `${rows < 0 ? '' : '+'}${fixed(rows, 0)}`;

/** Loaded and quarantined as one bar: nothing is lost between them. */
function Accounting({ snapshot }: { readonly snapshot: TabProps['snapshot'] }) {
  const { sourceRows, loaded, quarantined } = snapshot;
  const share = sourceRows === 0 ? 1 : loaded / sourceRows;
  return (
    <div className="gauge" style={{ fontSize: 11 }}>
      <div style={{ display: 'flex', justifyContent: 'space-between', color: 'var(--ink-3)' }}>
        <span>
          v{snapshot.version}, {snapshot.operation}: {count(sourceRows)} rows read
        </span>
        <span>{sourceRows === loaded + quarantined ? '0 lost, proven' : ''}</span>
      </div>
      <div style={{ display: 'flex', height: 12, margin: '4px 0', borderRadius: 2, overflow: 'hidden' }}>
        <div style={{ width: `${share * 100}%`, background: 'var(--c1)' }} />
        <div style={{ flex: 1, minWidth: quarantined > 0 ? 3 : 0, background: 'var(--warn)' }} />
      </div>
      <div style={{ display: 'flex', justifyContent: 'space-between' }}>
        <span>= {count(loaded)} loaded</span>
        <span>+ {count(quarantined)} quarantined</span>
      </div>
    </div>
  );
}
