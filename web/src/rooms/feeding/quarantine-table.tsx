import type {
  QuarantineAction,
  QuarantineItem,
  QuarantineResult,
} from '../../../../platform/src/contracts/data-loads.ts';
import { ConfirmButton } from '../../widgets/confirm.tsx';
import { count, many } from '../../widgets/format.ts';
import { Status, type StatusKind } from '../../widgets/status.tsx';
import type { QuarantineList } from './quarantine-list.ts';
import type { RecordShape } from './raw-record.ts';
import { RawText } from './raw-text.tsx';

const STATUS: Record<QuarantineItem['status'], readonly [StatusKind, string]> = {
  held: ['warn', 'held'],
  fixed: ['open', 'fixed'],
  replayed: ['pass', 'replayed'],
  released: ['pass', 'released'],
  discarded: ['off', 'discarded'],
};

/** Kept-back rows in groups of one reason each. */
export function QuarantineTable(props: {
  readonly list: QuarantineList;
  readonly shape: RecordShape;
  readonly current: QuarantineItem | undefined;
  readonly onSelect: (id: string) => void;
  readonly checked: ReadonlySet<string>;
  readonly onCheck: (checked: ReadonlySet<string>) => void;
}) {
  const { list, current, checked, onCheck } = props;
  const reasons = [...new Set(list.items.map(({ reason }) => reason))];
  const toggle = (id: string) => {
    const next = new Set(checked);
    if (!next.delete(id)) next.add(id);
    onCheck(next);
  };
  return (
    <section
      className="table-frame"
      aria-label="Rows in quarantine"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, and a keyboard must reach it
      tabIndex={0}
      style={{ maxHeight: 560 }}
    >
      <table>
        <caption className="sr">Rows in quarantine, by reason</caption>
        <thead>
          <tr>
            <th style={{ width: 30 }}>
              <span className="sr">Chosen</span>
            </th>
            <th className="num">Record</th>
            <th>Status</th>
            <th>Raw bytes</th>
            <th>Kept back because</th>
          </tr>
        </thead>
        {reasons.map((reason) => {
          const items = list.items.filter((item) => item.reason === reason);
          return (
            <tbody key={reason}>
              <tr>
                <th scope="rowgroup" colSpan={5} style={{ position: 'static' }}>
                  {reason} <span className="dimmer">{count(items.length)} shown</span>
                </th>
              </tr>
              {items.map((item) => (
                <Row
                  key={item.id}
                  item={item}
                  shape={props.shape}
                  isCurrent={item.id === current?.id}
                  isChecked={checked.has(item.id)}
                  onSelect={() => props.onSelect(item.id)}
                  onToggle={() => toggle(item.id)}
                />
              ))}
            </tbody>
          );
        })}
      </table>
      {list.more !== undefined && (
        <div className="table-more">
          <button type="button" className="button" onClick={list.more}>
            Show more
          </button>
          <span>
            {count(list.items.length)} shown, {count(list.total)} in all
          </span>
        </div>
      )}
    </section>
  );
}

function Row(props: {
  readonly item: QuarantineItem;
  readonly shape: RecordShape;
  readonly isCurrent: boolean;
  readonly isChecked: boolean;
  readonly onSelect: () => void;
  readonly onToggle: () => void;
}) {
  const { item, isCurrent, isChecked, onSelect, onToggle } = props;
  const [kind, word] = STATUS[item.status];
  const record = item.record < 0 ? '–' : count(item.record);
  return (
    <tr aria-selected={isCurrent} className="openable" onClick={onSelect}>
      <td>
        <input
          type="checkbox"
          aria-label={`Choose record ${record} of v${item.version}`}
          checked={isChecked}
          onClick={(event) => event.stopPropagation()}
          onChange={onToggle}
        />
      </td>
      <td className="num">
        <button type="button" className="row-link" aria-pressed={isCurrent}>
          {record}
        </button>
      </td>
      <td>
        <Status kind={kind}>{word}</Status>
      </td>
      <td style={{ maxWidth: 300 }}>
        <RawText item={item} shape={props.shape} />
      </td>
      <td>
        {item.column === undefined ? '' : `${item.column}: `}
        {item.message}
      </td>
    </tr>
  );
}

/** What can be done with the chosen rows, or with all that wait. */
export function ActionBar(props: {
  readonly name: string;
  readonly ids: readonly string[];
  readonly reason: string | undefined;
  readonly waiting: number;
  readonly isBusy: boolean;
  readonly onAct: (body: QuarantineAction) => void;
}) {
  const { name, ids, reason, waiting, isBusy, onAct } = props;
  const which = ids.length > 0 ? { ids: [...ids] } : reason === undefined ? {} : { reason };
  const rows = ids.length > 0 ? ids.length : waiting;
  const what = ids.length > 0 ? `${count(rows)} chosen` : `all ${count(rows)}`;
  const disabled = rows === 0 || isBusy;
  return (
    <div className="chips acts">
      <button
        type="button"
        className="button primary"
        disabled={disabled}
        onClick={() => onAct({ ...which, action: 'replay' })}
      >
        Replay {what}
      </button>
      <ConfirmButton
        label={`Release ${what}`}
        title={`Release ${many(rows, 'row')}?`}
        text={`They become part of ${name} although they break a rule; values that are not of their type are missing then. It makes a version.`}
        disabled={disabled}
        onConfirm={() => onAct({ ...which, action: 'release' })}
      />
      <ConfirmButton
        label={`Discard ${what}`}
        title={`Discard ${many(rows, 'row')}?`}
        text={`They will never be loaded into ${name}. Their bytes stay in the export.`}
        disabled={disabled}
        onConfirm={() => onAct({ ...which, action: 'discard' })}
      />
      <span className="dimmer">Replay reads them again, as fixed, under today's contract.</span>
    </div>
  );
}

export function Outcome({ result }: { readonly result: QuarantineResult }) {
  const { version, loaded, stillHeld, discarded } = result;
  const parts = [
    ...(loaded > 0 ? [`${many(loaded, 'row')} loaded into v${version}`] : []),
    ...(stillHeld > 0 ? [`${many(stillHeld, 'row')} kept back again`] : []),
    ...(discarded > 0 ? [`${many(discarded, 'row')} discarded`] : []),
  ];
  return (
    <div className={stillHeld > 0 ? 'notice warn' : 'notice pass'} role="status">
      {parts.length === 0 ? 'No row waited.' : `${parts.join(', ')}.`}
    </div>
  );
}
