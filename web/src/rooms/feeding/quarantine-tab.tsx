import { useState } from 'react';
import type {
  QuarantineAction,
  QuarantineItem,
  QuarantineResult,
} from '../../../../platform/src/contracts/data-loads.ts';
import { pathOf, QUARANTINE_EXPORT_PATH } from '../../../../platform/src/contracts/routes.ts';
import { client } from '../../api/api.ts';
import { useAction } from '../../api/use-action.ts';
import { count, many } from '../../widgets/format.ts';
import { useKeys } from '../../widgets/keys.ts';
import { Empty, Failure, Panel, Skeleton } from '../../widgets/panel.tsx';
import { useUrlState } from '../../widgets/url-state.ts';
import type { TabProps } from './dataset.tsx';
import { QuarantineDetail } from './quarantine-detail.tsx';
import { CHANGED_BY_ACTION, isWaiting, useQuarantine, useReasons, type Wanted } from './quarantine-list.ts';
import { ActionBar, Outcome, QuarantineTable } from './quarantine-table.tsx';
import type { RecordShape } from './raw-record.ts';

const SHOWN: readonly (readonly [Wanted, string])[] = [
  ['waiting', 'rows that wait'],
  ['all', 'all rows'],
  ['held', 'held'],
  ['fixed', 'fixed, not yet replayed'],
  ['replayed', 'replayed'],
  ['released', 'released'],
  ['discarded', 'discarded'],
];

/** Rows that were kept back: look, mend, and decide. */
export function QuarantineTab({ data }: TabProps) {
  const { name } = data;
  const [wanted, setWanted] = useUrlState('show');
  const [reason, setReason] = useUrlState('reason');
  const [selected, setSelected] = useUrlState('row');
  const [replayed, setReplayed] = useState<QuarantineResult | undefined>(undefined);
  const [checked, setChecked] = useState<ReadonlySet<string>>(new Set());
  const list = useQuarantine(name, (wanted ?? 'waiting') as Wanted, reason);
  const reasons = useReasons(name);
  const act = useAction(
    (body: QuarantineAction) => client.call('actOnQuarantine', { params: { name }, body }),
    CHANGED_BY_ACTION,
    (result) => {
      setReplayed(result);
      setChecked(new Set());
    },
  );
  const current = list.items.find(({ id }) => id === selected) ?? list.items[0];
  const { source, schema } = data.current;
  const shape: RecordShape = { ...source, columns: schema.map((column) => column.name) };
  useQuarantineKeys({ items: list.items, current, setSelected, checked, setChecked });
  const chosen = list.items.filter((item) => checked.has(item.id) && isWaiting(item)).map(({ id }) => id);
  return (
    <div className="grid">
      <Panel
        title="Kept back"
        meta={`${many(data.held, 'row')} of ${name} ${data.held === 1 ? 'waits' : 'wait'}; bytes as they came`}
        span="w7"
        right={
          <>
            <ShowPick wanted={(wanted ?? 'waiting') as Wanted} onPick={setWanted} />
            <a className="button" href={pathOf(QUARANTINE_EXPORT_PATH, { name })} download>
              Export
            </a>
          </>
        }
        flush
      >
        <div className="chips">
          <Reasons reasons={reasons} chosen={reason} onChoose={setReason} />
        </div>
        <ActionBar
          name={name}
          ids={chosen}
          reason={reason}
          waiting={reasons.reduce(
            (sum, row) => sum + (reason === undefined || row.reason === reason ? row.count : 0),
            0,
          )}
          isBusy={act.isPending}
          onAct={(body) => act.mutate(body)}
        />
        {act.error !== null && <Failure error={act.error} />}
        {replayed !== undefined && <Outcome result={replayed} />}
        {list.error !== null && <Failure error={list.error} onRetry={list.refetch} />}
        {list.isLoading && list.error === null && <Skeleton />}
        {!list.isLoading && list.items.length === 0 ? (
          <Empty title="Nothing waits">
            Rows that break the contract are kept here with their bytes and the reason.
          </Empty>
        ) : (
          <QuarantineTable
            list={list}
            shape={shape}
            current={current}
            onSelect={setSelected}
            checked={checked}
            onCheck={setChecked}
          />
        )}
      </Panel>
      {current !== undefined && (
        <QuarantineDetail key={current.id} name={name} item={current} shape={shape} onResult={setReplayed} />
      )}
    </div>
  );
}

function ShowPick(props: { readonly wanted: Wanted; readonly onPick: (wanted: string | undefined) => void }) {
  return (
    <span className="field inline">
      <label htmlFor="show-rows">Show</label>
      <select
        id="show-rows"
        value={props.wanted}
        onChange={(event) => props.onPick(event.target.value === 'waiting' ? undefined : event.target.value)}
      >
        {SHOWN.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </span>
  );
}

function Reasons(props: {
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
  readonly chosen: string | undefined;
  readonly onChoose: (reason: string | undefined) => void;
}) {
  const { reasons, chosen, onChoose } = props;
  return (
    <fieldset className="badges" aria-label="Reason" style={{ border: 0, margin: 0, padding: 0 }}>
      {[undefined, ...reasons.map((row) => row.reason)].map((reason) => {
        const rows = reason === undefined ? undefined : reasons.find((row) => row.reason === reason)!.count;
        return (
          <button
            key={reason ?? ''}
            type="button"
            className="button"
            aria-pressed={chosen === reason}
            style={chosen === reason ? { background: 'var(--selected)', borderColor: 'var(--accent)' } : {}}
            onClick={() => onChoose(reason)}
          >
            {reason ?? 'Every reason'} {rows !== undefined && <span className="dim">{count(rows)}</span>}
          </button>
        );
      })}
    </fieldset>
  );
}

function useQuarantineKeys(given: {
  readonly items: readonly QuarantineItem[];
  readonly current: QuarantineItem | undefined;
  readonly setSelected: (id: string) => void;
  readonly checked: ReadonlySet<string>;
  readonly setChecked: (checked: ReadonlySet<string>) => void;
}) {
  const { items, current, setSelected, checked, setChecked } = given;
  const index = current === undefined ? -1 : items.indexOf(current);
  const move = (step: number) => {
    const next = items[Math.max(0, Math.min(items.length - 1, index + step))];
    if (next !== undefined) setSelected(next.id);
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    e: () => document.getElementById('quarantine-editor')?.querySelector('textarea')?.focus(),
    x: () => {
      if (current === undefined) return;
      const next = new Set(checked);
      if (!next.delete(current.id)) next.add(current.id);
      setChecked(next);
    },
  });
}
