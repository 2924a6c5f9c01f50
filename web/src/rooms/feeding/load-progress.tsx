import { Link } from '@tanstack/react-router';
import type { LoadResult } from '../../../../platform/src/contracts/data-loads.ts';
import { ApiError, useOperation } from '../../api/api.ts';
import { useRunLines } from '../../api/run-lines.ts';
import { count, seconds } from '../../widgets/format.ts';
import { Failure } from '../../widgets/panel.tsx';
import { Glyph } from '../../widgets/status.tsx';

/** One load from its start to its accounting, by the run's own stream. */
export function LoadProgress({ runId, name }: { readonly runId: string; readonly name: string }) {
  const { progress, ended } = useRunLines(runId);
  const load = useOperation('getLoad', { params: { id: runId } }, { enabled: ended });
  const result = load.data;
  if (load.error !== null) return <Failure error={load.error} />;
  if (ended && result !== undefined && result.status !== 'running' && result.status !== 'queued')
    return <Result result={result} name={name} />;
  const share = progress?.fraction;
  return (
    <div className="form" role="status" aria-live="polite">
      <span>
        Loading {name}: {progress?.message ?? 'it begins'}
      </span>
      <div className={share === undefined ? 'progress unknown' : 'progress'}>
        <div style={share === undefined ? {} : { width: `${share * 100}%` }} />
      </div>
    </div>
  );
}

function Result({ result, name }: { readonly result: LoadResult; readonly name: string }) {
  if (result.error !== undefined) {
    const { code, message, fix } = result.error;
    const problem = { type: '', title: 'Nothing was published', status: 422, detail: message, code, exit: 1 };
    return <Failure error={new ApiError(fix === undefined ? problem : { ...problem, fix })} />;
  }
  const reasons = result.reasons.map((entry) => `${count(entry.count)} ${entry.reason}`).join(', ');
  return (
    <div className={`state ${result.quarantined > 0 ? 'warn' : 'pass'}`} role="status">
      <Glyph kind={result.quarantined > 0 ? 'warn' : 'pass'} size={14} />
      <b>
        {result.unchanged ? 'Nothing new in the source' : `${name} v${result.version}`},{' '}
        {seconds(result.seconds)}
      </b>
      <span>
        {count(result.sourceRows)} rows in the source = {count(result.loaded)} loaded +{' '}
        {count(result.quarantined)} quarantined{reasons === '' ? '' : ` (${reasons})`}
      </span>
      <span className="acts">
        <Link className="link" to={`/feeding/${name}` as never}>
          Open {name}
        </Link>
        {result.quarantined > 0 && (
          <Link className="link" to={`/feeding/${name}` as never} search={{ tab: 'quarantine' } as never}>
            See what was kept back
          </Link>
        )}
        <Link className="link" to={`/pipelines/${result.runId}` as never}>
          Its log
        </Link>
      </span>
    </div>
  );
}
