import type { ReactNode } from 'react';

export type StatusKind = 'fail' | 'warn' | 'pass' | 'open' | 'run' | 'off';

/** A glyph for every state, so that colour never speaks alone. */
const GLYPHS: Record<StatusKind, ReactNode> = {
  fail: (
    <>
      <path d="M6 .8 11.200 6 6 11.200.8 6z" fill="currentColor" />
      <path d="M6 3.400v3M6 8.100v.6" stroke="var(--surface)" strokeWidth={1.4} />
    </>
  ),
  warn: (
    <>
      <path
        d="M6 1 11.400 10.800H.6z"
        fill="none"
        stroke="currentColor"
        strokeWidth={1.4}
        strokeLinejoin="round"
      />
      <path d="M6 4.400v3M6 8.600v.7" stroke="currentColor" strokeWidth={1.3} />
    </>
  ),
  pass: (
    <>
      <circle cx={6} cy={6} r={5.2} fill="currentColor" />
      <path d="m3.600 6.200 1.700 1.700 3.100-3.500" fill="none" stroke="var(--surface)" strokeWidth={1.4} />
    </>
  ),
  open: (
    <>
      <circle cx={6} cy={6} r={4.6} fill="none" stroke="currentColor" strokeWidth={1.4} />
      <path d="M6 1.400a4.600 4.600 0 0 1 0 9.200z" fill="currentColor" />
    </>
  ),
  run: (
    <>
      <circle
        cx={6}
        cy={6}
        r={4.4}
        fill="none"
        stroke="currentColor"
        strokeWidth={1.6}
        strokeDasharray="5 2.200"
      />
      <circle cx={6} cy={6} r={1.5} fill="currentColor" />
    </>
  ),
  off: <path d="M2 6h8" stroke="currentColor" strokeWidth={1.6} />,
};

export function Glyph({ kind, size = 12 }: { readonly kind: StatusKind; readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 12 12" aria-hidden="true">
      {GLYPHS[kind]}
    </svg>
  );
}

export function Status({
  kind,
  pill = false,
  children,
}: {
  readonly kind: StatusKind;
  readonly pill?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <span className={`status ${kind}${pill ? ' pill' : ''}`}>
      <Glyph kind={kind} />
      {children}
    </span>
  );
}

/** Words and glyphs of every state of the program; a forgotten state is a compile error. */
export const RUN_STATUS: Record<'running' | 'completed' | 'failed' | 'interrupted', [StatusKind, string]> = {
  running: ['run', 'Running'],
  completed: ['pass', 'Completed'],
  failed: ['fail', 'Failed'],
  interrupted: ['warn', 'Interrupted'],
};

export const STEP_STATUS: Record<
  'pending' | 'running' | 'completed' | 'cached' | 'failed' | 'interrupted' | 'skipped',
  [StatusKind, string]
> = {
  pending: ['off', 'Waiting'],
  running: ['run', 'Running'],
  completed: ['pass', 'Completed'],
  cached: ['pass', 'Cached'],
  failed: ['fail', 'Failed'],
  interrupted: ['warn', 'Interrupted'],
  skipped: ['off', 'Skipped'],
};

export const VERDICT: Record<'pass' | 'fail' | 'insufficient' | 'error', [StatusKind, string]> = {
  pass: ['pass', 'May ship'],
  fail: ['fail', 'May not ship'],
  insufficient: ['open', 'Undecided'],
  error: ['fail', 'A check crashed'],
};

export const SEVERITY: Record<'info' | 'warning' | 'blocking', [StatusKind, string]> = {
  blocking: ['fail', 'Blocks'],
  warning: ['warn', 'Warns'],
  info: ['off', 'Notes'],
};

export const DEPLOYMENT_STATUS: Record<'serving' | 'loading' | 'failed', [StatusKind, string]> = {
  serving: ['pass', 'Serving'],
  loading: ['run', 'Loading'],
  failed: ['fail', 'Does not serve'],
};

export const MONITOR_STATUS: Record<'healthy' | 'drifting' | 'waiting', [StatusKind, string]> = {
  healthy: ['pass', 'Within bounds'],
  drifting: ['warn', 'Drifting'],
  waiting: ['open', 'Too few rows yet'],
};

export function StatusOf<K extends string>({
  of,
  value,
  pill = false,
}: {
  readonly of: Record<K, [StatusKind, string]>;
  readonly value: K;
  readonly pill?: boolean;
}) {
  const [kind, word] = of[value];
  return (
    <Status kind={kind} pill={pill}>
      {word}
    </Status>
  );
}
