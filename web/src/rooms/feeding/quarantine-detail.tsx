import { useState } from 'react';
import type {
  QuarantineAction,
  QuarantineItem,
  QuarantineResult,
} from '../../../../platform/src/contracts/data-loads.ts';
import { client } from '../../api/api.ts';
import { useAction } from '../../api/use-action.ts';
import { AreaField } from '../../widgets/fields.tsx';
import { count } from '../../widgets/format.ts';
import { Failure, Panel } from '../../widgets/panel.tsx';
import { CHANGED_BY_ACTION, isWaiting } from './quarantine-list.ts';
import { editable, type RecordShape, restored } from './raw-record.ts';
import { RawText, useExactText } from './raw-text.tsx';

/** One kept-back row: its bytes, why, and an editor. */
export function QuarantineDetail(props: {
  readonly name: string;
  readonly item: QuarantineItem;
  readonly shape: RecordShape;
  readonly onResult: (result: QuarantineResult) => void;
}) {
  const { name, item, shape } = props;
  const exact = useExactText(name, item);
  return (
    <Panel title={`Record ${item.record < 0 ? '' : count(item.record)}`} meta={item.reason} span="w5">
      <div className="form">
        <div className="code" style={{ whiteSpace: 'normal' }}>
          <RawText item={item} shape={shape} whole {...(exact === undefined ? {} : { text: exact })} />
        </div>
        <dl className="facts">
          <dt>Because</dt>
          <dd>
            {item.column !== undefined && <b className="strong">{item.column}: </b>}
            {item.message}
          </dd>
          <dt>From</dt>
          <dd>
            <span className="mono">{item.source}</span>
            {item.byteOffset < 0 ? '' : `, byte ${count(item.byteOffset)}`}, load of v{item.version}
          </dd>
          <dt>Checked by</dt>
          <dd>contract v{item.contractVersion}</dd>
        </dl>
        {isWaiting(item) ? (
          <Editor name={name} item={item} onResult={props.onResult} />
        ) : (
          <p className="dim">It was {item.status}; nothing is left to decide.</p>
        )}
      </div>
    </Panel>
  );
}

function Editor(props: {
  readonly name: string;
  readonly item: QuarantineItem;
  readonly onResult: (result: QuarantineResult) => void;
}) {
  const { name, item, onResult } = props;
  const [text, setText] = useState(editable(item.fixedText ?? item.text));
  const params = { name };
  const fix = async () => {
    const fixes = [{ id: item.id, text: restored(text, item.text) }];
    return client.call('fixQuarantine', { params, body: { fixes } });
  };
  const save = useAction(fix, ['listQuarantine']);
  const act = useAction(
    async ({ action, first }: { action: QuarantineAction['action']; first: boolean }) => {
      if (first) await fix();
      return client.call('actOnQuarantine', { params, body: { ids: [item.id], action } });
    },
    CHANGED_BY_ACTION,
    onResult,
  );
  const isChanged = text !== editable(item.fixedText ?? item.text);
  const isUnreadable = text.includes('\uFFFD');
  const isBusy = save.isPending || act.isPending;
  const replay = () => act.mutate({ action: 'replay', first: isChanged });
  const error = save.error ?? act.error;
  return (
    <form
      id="quarantine-editor"
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isUnreadable) replay();
      }}
    >
      <AreaField
        label="Corrected record"
        mono
        rows={Math.min(10, Math.max(3, Math.ceil(text.length / 48)))}
        value={text}
        onChange={setText}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !isUnreadable) replay();
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
        hint={
          isUnreadable
            ? 'Write what stands for \uFFFD: those bytes are not UTF-8 and cannot be loaded.'
            : 'What came stays as it is; this is read in its place. Ctrl+Enter saves and replays.'
        }
      />
      <div className="acts">
        <button type="submit" className="button primary" disabled={isBusy || isUnreadable}>
          {isChanged ? 'Save and replay' : 'Replay'}
        </button>
        <button
          type="button"
          className="button"
          disabled={isBusy || !isChanged || isUnreadable}
          onClick={() => save.mutate(undefined)}
        >
          Save
        </button>
        <button
          type="button"
          className="button"
          disabled={isBusy || text === editable(item.text)}
          onClick={() => setText(editable(item.text))}
        >
          As it came
        </button>
      </div>
      <div aria-live="polite">
        {error !== null && <Failure error={error} />}
        {save.data !== undefined && act.data === undefined && (
          <div className="notice pass">Saved. Replay loads it.</div>
        )}
      </div>
    </form>
  );
}
