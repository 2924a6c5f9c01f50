import type { ReactNode } from 'react';
import { ApiError, type Shown } from '../api/api.ts';
import { Glyph } from './status.tsx';

export interface PanelProps {
  readonly title: string;
  readonly meta?: ReactNode;
  readonly right?: ReactNode;
  /** Grid columns, e.g. 'w8'. */
  readonly span?: string;
  readonly flush?: boolean;
  readonly children: ReactNode;
}

export function Panel({ title, meta, right, span = 'w12', flush = false, children }: PanelProps) {
  return (
    <section className={`panel ${span}`}>
      <header>
        <h2>{title}</h2>
        {meta !== undefined && <span className="meta">{meta}</span>}
        {right !== undefined && <span className="right">{right}</span>}
      </header>
      <div className={flush ? 'body flush' : 'body'}>{children}</div>
    </section>
  );
}

export function Empty({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className="state">
      <Glyph kind="off" size={14} />
      <b>{title}</b>
      <span>{children}</span>
    </div>
  );
}

/** What happened, what to do, the code; and a way to try again. */
export function Failure({
  error,
  onRetry,
}: {
  readonly error: Error;
  readonly onRetry?: (() => void) | undefined;
}) {
  const problem = error instanceof ApiError ? error.problem : undefined;
  return (
    <div className="state fail" role="alert">
      <Glyph kind="fail" size={14} />
      <b>{problem?.title ?? 'This could not be shown'}</b>
      <span>{problem?.detail ?? error.message}</span>
      {problem?.fix !== undefined && <span>{problem.fix}</span>}
      <span className="acts">
        {onRetry !== undefined && (
          <button type="button" className="button" onClick={onRetry}>
            Try again
          </button>
        )}
        {problem !== undefined && <span className="mono dimmer">{problem.code}</span>}
      </span>
    </div>
  );
}

export function Skeleton({ lines = 4 }: { readonly lines?: number }) {
  const widths = ['72%', '88%', '64%', '80%', '56%', '76%'];
  return (
    <div
      aria-busy="true"
      aria-label="Loading"
      role="status"
      style={{ display: 'grid', gap: 14, padding: 12 }}
    >
      {Array.from({ length: lines }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: identical placeholder lines
        <span key={i} className="skeleton" style={{ width: widths[i % widths.length] }} />
      ))}
    </div>
  );
}

/** Shows a query as it stands: skeleton, failure with retry, or its data. Data stays while it is fetched again. */
export function Loaded<T>({
  query,
  lines,
  children,
}: {
  readonly query: Shown<T>;
  readonly lines?: number;
  readonly children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error !== null) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  return <Skeleton {...(lines === undefined ? {} : { lines })} />;
}
