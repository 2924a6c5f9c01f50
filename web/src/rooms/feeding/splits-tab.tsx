import { useState } from 'react';
import type { SplitDetail, SplitProof } from '../../../../platform/src/contracts/data-query.ts';
import { client, useOperation } from '../../api/api.ts';
import { useAction } from '../../api/use-action.ts';
import { ConfirmButton } from '../../widgets/confirm.tsx';
import { DataTable } from '../../widgets/data-table.tsx';
import { age, count, fixed, many, percent, seconds, time } from '../../widgets/format.ts';
import { Empty, Failure, Loaded, Panel } from '../../widgets/panel.tsx';
import { Status } from '../../widgets/status.tsx';
import type { TabProps } from './dataset.tsx';
import { SplitForm } from './split-form.tsx';

/** Split rules, and the proof that a version was split as they say. */
export function SplitsTab({ data, snapshot }: TabProps) {
  const splits = useOperation('listSplits', { params: { name: data.name } });
  return (
    <div className="grid">
      <SplitForm data={data} snapshot={snapshot} />
      <Loaded query={splits}>
        {({ items }) =>
          items.length === 0 ? (
            <Panel title="Splits">
              <Empty title="No split rule yet">
                A rule is stored and applied to any version. Equal rows get the same part, and each
                application is proven.
              </Empty>
            </Panel>
          ) : (
            items.map((split) => (
              <Split key={split.name} split={split} dataset={data.name} version={snapshot.version} />
            ))
          )
        }
      </Loaded>
    </div>
  );
}

function ruleOf({ rule }: SplitDetail): string {
  const parts = Object.entries(rule.parts)
    .map(([part, share]) => `${part} ${percent(share, 0)}`)
    .join(', ');
  const by = rule.column === undefined ? '' : ` by ${rule.column}`;
  const gap = rule.gapSeconds ? `, ${seconds(rule.gapSeconds)} left out before each part` : '';
  const alike = rule.identity === undefined ? '' : `, rows equal in ${rule.identity.join(', ')} together`;
  return `${rule.method}${by}: ${parts}${gap}${alike}${rule.seed ? `, seed ${rule.seed}` : ''}`;
}

function Split(props: { readonly split: SplitDetail; readonly dataset: string; readonly version: number }) {
  const { split, dataset, version } = props;
  const proofs = [...split.proofs].sort((a, b) => b.version - a.version);
  const [picked, setPicked] = useState<number | undefined>(undefined);
  const proof = proofs.find((one) => one.version === (picked ?? proofs[0]?.version));
  const prove = useAction(
    () =>
      client.call('createSplit', {
        params: { name: dataset },
        body: { name: split.name, rule: split.rule, version },
      }),
    ['listSplits'],
    () => setPicked(version),
  );
  const remove = useAction(
    () => client.call('removeSplit', { params: { name: dataset, split: split.name } }),
    ['listSplits', 'getDataset'],
  );
  return (
    <Panel
      title={split.name}
      meta={`${ruleOf(split)}; made ${age(split.createdAt, Date.now())} ago`}
      right={
        <>
          {proof !== undefined && (
            <Status kind={proof.verdict === 'pass' ? 'pass' : 'fail'} pill>
              {proof.verdict === 'pass' ? 'Proven' : 'Does not hold'}
            </Status>
          )}
          {proofs.length > 1 && (
            <span className="field inline">
              <label htmlFor={`proof-${split.name}`}>of</label>
              <select
                id={`proof-${split.name}`}
                value={proof?.version}
                onChange={(event) => setPicked(Number(event.target.value))}
              >
                {proofs.map((one) => (
                  <option key={one.version} value={one.version}>
                    v{one.version}
                  </option>
                ))}
              </select>
            </span>
          )}
          {proofs.every((one) => one.version !== version) && (
            <button
              type="button"
              className="button"
              disabled={prove.isPending}
              onClick={() => prove.mutate(undefined)}
            >
              Prove on v{version}
            </button>
          )}
          <ConfirmButton
            label="Remove"
            about={split.name}
            title={`Remove the split ${split.name}?`}
            text="Its rule and its proofs go; the rows stay. Studies that used it keep their own record."
            onConfirm={() => remove.mutate(undefined)}
          />
        </>
      }
      flush
    >
      {(prove.error ?? remove.error) !== null && <Failure error={(prove.error ?? remove.error)!} />}
      {proof !== undefined && <Proof proof={proof} />}
    </Panel>
  );
}

function Proof({ proof }: { readonly proof: SplitProof }) {
  const hasTime = proof.parts.some(({ timeFrom }) => timeFrom !== null);
  return (
    <>
      {proof.reasons.length > 0 && (
        <div className="notice warn" style={{ margin: 12 }}>
          {proof.reasons.join('; ')}
        </div>
      )}
      <DataTable
        caption={`Parts of v${proof.version}`}
        rows={proof.parts}
        keyOf={(part) => part.part}
        columns={[
          { name: 'Part', cell: (part) => <b className="strong">{part.part}</b> },
          { name: 'Rows', numeric: true, cell: (part) => count(part.rows) },
          {
            name: 'Share',
            width: 240,
            cell: (part) => (
              <span style={{ display: 'flex', alignItems: 'center', gap: 8 }}>
                <span style={{ flex: 1, height: 8, background: 'var(--sunken)' }}>
                  <span
                    style={{
                      display: 'block',
                      height: 8,
                      width: `${part.share * 100}%`,
                      background: 'var(--c1)',
                    }}
                  />
                </span>
                {percent(part.share)}
              </span>
            ),
          },
          ...(hasTime
            ? [
                {
                  name: 'From',
                  cell: (part: Part) => (part.timeFrom === null ? '–' : time(part.timeFrom)),
                },
                { name: 'To', cell: (part: Part) => (part.timeTo === null ? '–' : time(part.timeTo)) },
              ]
            : []),
          {
            name: 'Fingerprint of its rows',
            cell: (part) => <span className="mono">{part.fingerprint}</span>,
          },
        ]}
      />
      <Leaks proof={proof} />
    </>
  );
}

type Part = SplitProof['parts'][number];

function Leaks({ proof }: { readonly proof: SplitProof }) {
  const { exactDuplicates, nearDuplicates, groupsAcross, leftOut, stratificationError } = proof;
  return (
    <div style={{ padding: 12, borderTop: '1px solid var(--line)' }}>
      <dl className="facts">
        <dt>Equal rows in two parts</dt>
        <dd>{verdict(exactDuplicates)}</dd>
        <dt>Nearly equal pairs across parts</dt>
        <dd>
          {verdict(nearDuplicates.pairs)}{' '}
          <span className="dimmer">among {many(nearDuplicates.rowsCompared, 'row')} compared</span>
        </dd>
        {groupsAcross !== null && (
          <>
            <dt>Groups in two parts</dt>
            <dd>{verdict(groupsAcross)}</dd>
          </>
        )}
        <dt>Rows in no part</dt>
        <dd>{count(leftOut)}</dd>
        {stratificationError !== null && (
          <>
            <dt>Largest difference of a share</dt>
            <dd>{fixed(stratificationError * 100, 2)} points</dd>
          </>
        )}
      </dl>
      {nearDuplicates.examples.slice(0, 5).map((example) => (
        <div key={example.rows.join('|')} style={{ marginTop: 10, fontSize: 12 }}>
          <span className="dim">
            {example.parts.join(' and ')}, {percent(example.similarity, 0)} alike
          </span>
          {example.rows.map((row) => (
            <pre key={row} className="pre">
              {row}
            </pre>
          ))}
        </div>
      ))}
    </div>
  );
}

const verdict = (rows: number) => <Status kind={rows === 0 ? 'pass' : 'warn'}>{count(rows)}</Status>;
