import { type Static, Type } from '@sinclair/typebox';
import { ErrorBody, Id, MaybeNumber, Name, TimeMs } from './common.ts';

export const StepStatus = Type.Unsafe<
  'pending' | 'running' | 'completed' | 'cached' | 'failed' | 'interrupted' | 'skipped'
>({
  type: 'string',
  enum: ['pending', 'running', 'completed', 'cached', 'failed', 'interrupted', 'skipped'],
});
export type StepStatus = Static<typeof StepStatus>;

export const RunStatus = Type.Unsafe<'running' | 'completed' | 'failed' | 'interrupted'>({
  type: 'string',
  enum: ['running', 'completed', 'failed', 'interrupted'],
});
export type RunStatus = Static<typeof RunStatus>;

export const Attempt = Type.Object({
  id: Id,
  epoch: Type.Integer({ description: 'Monotonic per step; a completion with an older epoch is refused' }),
  status: StepStatus,
  startedAt: TimeMs,
  endedAt: Type.Union([TimeMs, Type.Null()]),
  error: Type.Optional(ErrorBody),
});

export const RunStep = Type.Object({
  name: Type.String(),
  status: StepStatus,
  startedAt: Type.Union([TimeMs, Type.Null()]),
  seconds: MaybeNumber,
  /** Median seconds of this step over earlier runs of the pipeline. */
  usualSeconds: MaybeNumber,
  cacheKey: Type.Union([Type.String(), Type.Null()]),
  /** Why it ran, or why it did not. */
  reason: Type.String(),
  attempts: Type.Array(Attempt),
  outputs: Type.Record(Type.String(), Type.Unknown()),
  error: Type.Optional(ErrorBody),
});
export type RunStep = Static<typeof RunStep>;

export const RunSummary = Type.Object({
  id: Id,
  pipeline: Name,
  name: Type.String({ description: 'What it is about, e.g. the model name' }),
  status: RunStatus,
  /** Identity of the work: the same key resumes or is cached. */
  key: Type.String(),
  createdAt: TimeMs,
  seconds: MaybeNumber,
  currentStep: Type.Union([Type.String(), Type.Null()]),
});
export type RunSummary = Static<typeof RunSummary>;

export const RunDetail = Type.Composite([
  RunSummary,
  Type.Object({
    steps: Type.Array(RunStep),
    params: Type.Record(Type.String(), Type.Unknown()),
    result: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
    error: Type.Optional(ErrorBody),
  }),
]);
export type RunDetail = Static<typeof RunDetail>;

export const LogLine = Type.Object({
  sequence: Type.Integer(),
  time: TimeMs,
  step: Type.String(),
  level: Type.Unsafe<'info' | 'warning' | 'error'>({ type: 'string', enum: ['info', 'warning', 'error'] }),
  message: Type.String(),
});
export type LogLine = Static<typeof LogLine>;

export const PipelineSummary = Type.Object({
  name: Name,
  steps: Type.Array(Type.String()),
  runs: Type.Integer(),
  lastRun: Type.Union([RunSummary, Type.Null()]),
  medianSeconds: MaybeNumber,
});
export type PipelineSummary = Static<typeof PipelineSummary>;
