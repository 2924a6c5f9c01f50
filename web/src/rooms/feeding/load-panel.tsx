import { useState } from 'react';
import type { LoadAccepted, LoadMode, SourceCheck } from '../../../../platform/src/contracts/data-loads.ts';
import { client } from '../../api/api.ts';
import { uploadFile } from '../../api/upload.ts';
import { useAction } from '../../api/use-action.ts';
import { AreaField, CheckField, SelectField, TextField } from '../../widgets/fields.tsx';
import { bytes, count } from '../../widgets/format.ts';
import { Failure, Panel } from '../../widgets/panel.tsx';
import { FilePick } from './file-pick.tsx';
import { type LoadDraft, NEW_LOAD, nameFrom, requestOf, sourceOf } from './load-form.ts';
import { LoadProgress } from './load-progress.tsx';

const MODES: readonly (readonly [LoadMode, string])[] = [
  ['replace', 'replace: the source is everything'],
  ['append', 'append: add its rows'],
  ['merge', 'merge: renew rows by key'],
];

/** Loads a file or a source into a data set, new or known. `into` fixes its name. */
export function LoadPanel({ into, onClose }: { readonly into?: string; readonly onClose?: () => void }) {
  const [draft, setDraft] = useState<LoadDraft>({ ...NEW_LOAD, name: into ?? '' });
  const [file, setFile] = useState<File | undefined>(undefined);
  const change = (part: Partial<LoadDraft>) => setDraft((old) => ({ ...old, ...part }));
  const check = useAction(() => client.call('checkSource', { body: sourceOf(draft) }));
  const load = useAction(async (): Promise<LoadAccepted> => {
    const sent =
      draft.from === 'file' && file !== undefined
        ? { digest: await uploadFile(file), fileName: file.name }
        : undefined;
    return client.call('loadDataset', { params: { name: draft.name }, body: requestOf(draft, sent) });
  }, ['listDatasets', 'getDataset', 'listRuns']);
  const pick = (picked: File | undefined) => {
    setFile(picked);
    if (picked !== undefined && draft.name === '') change({ name: nameFrom(picked.name) });
  };
  const lacks =
    draft.name === ''
      ? 'Give it a name'
      : draft.from === 'file'
        ? file === undefined && 'Choose a file'
        : draft.uri === '' && 'Name the source';
  return (
    <Panel
      title="Load data"
      meta="CSV, TSV, NDJSON, JSON or Parquet; plain, gzip or zstd"
      right={
        onClose !== undefined && (
          <button type="button" className="button" onClick={onClose}>
            Close
          </button>
        )
      }
    >
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          load.mutate(undefined);
        }}
      >
        <From draft={draft} file={file} onPick={pick} change={change} />
        <How draft={draft} change={change} fixed={into !== undefined} />
        {draft.from === 'source' && <More draft={draft} change={change} />}
        <div className="acts">
          {draft.from === 'source' && (
            <button
              type="button"
              className="button"
              disabled={draft.uri === '' || check.isPending}
              onClick={() => check.mutate(undefined)}
            >
              {check.isPending ? 'Checking…' : 'Check the source'}
            </button>
          )}
          <button type="submit" className="button primary" disabled={lacks !== false || load.isPending}>
            {load.isPending ? 'Sending…' : 'Load'}
          </button>
          {lacks !== false && <span className="dimmer">{lacks}.</span>}
        </div>
      </form>
      <div aria-live="polite" style={{ marginTop: 12 }}>
        {check.error !== null && <Failure error={check.error} />}
        {check.data !== undefined && <Checked check={check.data} />}
        {load.error !== null && <Failure error={load.error} />}
        {load.data !== undefined && <LoadProgress runId={load.data.runId} name={load.data.dataset} />}
      </div>
    </Panel>
  );
}

interface Part {
  readonly draft: LoadDraft;
  readonly change: (part: Partial<LoadDraft>) => void;
}

function From(props: Part & { file: File | undefined; onPick: (file: File | undefined) => void }) {
  const { draft, change, file, onPick } = props;
  return (
    <>
      <fieldset
        className="choice"
        aria-label="Where the rows come from"
        style={{ margin: 0, padding: 0, width: 'max-content' }}
      >
        {(['file', 'source'] as const).map((from) => (
          <button
            key={from}
            type="button"
            aria-pressed={draft.from === from}
            onClick={() => change({ from })}
          >
            {from === 'file' ? 'A file of yours' : 'A source the server reads'}
          </button>
        ))}
      </fieldset>
      {draft.from === 'file' ? (
        <FilePick file={file} onPick={onPick} />
      ) : (
        <TextField
          label="Source"
          wide
          mono
          value={draft.uri}
          onChange={(uri) => change({ uri })}
          placeholder="https://example.org/orders.csv"
          hint="Path or pattern on the server, http(s)://, s3://bucket/prefix/*.parquet, postgres://, mysql://, sqlite://"
        />
      )}
    </>
  );
}

function How({ draft, change, fixed }: Part & { readonly fixed: boolean }) {
  return (
    <div className="fields">
      {!fixed && (
        <TextField
          label="Data set"
          value={draft.name}
          onChange={(name) => change({ name })}
          pattern="[a-z0-9][a-z0-9._\-]*"
          placeholder="orders"
          hint="Lower-case letters, digits, . _ -"
        />
      )}
      <SelectField label="Mode" value={draft.mode} onChange={(mode) => change({ mode })} options={MODES} />
      {draft.mode === 'merge' && (
        <TextField
          label="Key"
          value={draft.key}
          onChange={(key) => change({ key })}
          placeholder="id"
          hint="Columns that identify a row, comma-separated; else the contract's"
        />
      )}
      <TextField
        label="Branch"
        value={draft.branch}
        onChange={(branch) => change({ branch })}
        placeholder="main"
      />
      {draft.from === 'source' && (
        <TextField
          label="Load again every"
          value={draft.every}
          onChange={(every) => change({ every })}
          placeholder="only once"
          hint="30s, 5m, 1h, 1d"
        />
      )}
    </div>
  );
}

function More({ draft, change }: Part) {
  return (
    <details className="more">
      <summary>Database, credentials, private addresses</summary>
      <div className="fields">
        <TextField label="Table" value={draft.table} onChange={(table) => change({ table })} />
        <TextField
          label="Cursor column"
          value={draft.cursor}
          onChange={(cursor) => change({ cursor })}
          hint="Reads on from its last value"
        />
        <TextField label="Endpoint" value={draft.endpoint} onChange={(endpoint) => change({ endpoint })} />
        <TextField label="Region" value={draft.region} onChange={(region) => change({ region })} />
        <AreaField
          label="Query, instead of a table"
          rows={2}
          mono
          value={draft.query}
          onChange={(query) => change({ query })}
        />
        <AreaField
          label="Credentials"
          rows={2}
          mono
          value={draft.credentials}
          onChange={(credentials) => change({ credentials })}
          hint="References, one a line, never the secret itself: password=env:PGPASSWORD, bearer=store:api, accessKeyId=file:/run/key"
        />
        <CheckField
          label="Addresses of private networks may be reached"
          checked={draft.allowPrivate}
          onChange={(allowPrivate) => change({ allowPrivate })}
        />
        <CheckField
          label="Remember the source with the data set"
          checked={draft.remember}
          onChange={(remember) => change({ remember })}
        />
      </div>
    </details>
  );
}

const STREAMS_SHOWN = 12;

function Checked({ check }: { readonly check: SourceCheck }) {
  return (
    <div className="notice pass">
      <b>{check.message}</b>
      {check.streams.slice(0, STREAMS_SHOWN).map((stream) => (
        <div key={stream.name}>
          <span className="mono">{stream.name}</span>
          {stream.bytes !== undefined && `, ${bytes(stream.bytes)}`}
          {stream.rows !== undefined && `, ${count(stream.rows)} rows`}
          {stream.columns !== undefined && `, ${stream.columns.map(({ name }) => name).join(', ')}`}
        </div>
      ))}
      {check.streams.length > STREAMS_SHOWN && <div>and {check.streams.length - STREAMS_SHOWN} more</div>}
    </div>
  );
}
