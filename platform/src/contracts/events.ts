import { type Static, Type } from '@sinclair/typebox';
import { PageQuery, TimeMs } from './common.ts';

export const EventRecord = Type.Object({
  sequence: Type.Integer({ description: 'Commit order, without gaps that matter; resume a stream after it' }),
  time: TimeMs,
  /** e.g. dataset.snapshot, study.candidate, run.step, report.created, model.version, deployment.revision, monitor.alert */
  type: Type.String(),
  actor: Type.String(),
  subject: Type.String({ description: 'What it is about: datasets/adult, runs/<id>, …' }),
  data: Type.Record(Type.String(), Type.Unknown()),
});
export type EventRecord = Static<typeof EventRecord>;

export const EventsQuery = Type.Composite([
  PageQuery,
  Type.Object({ type: Type.Optional(Type.String()), subject: Type.Optional(Type.String()) }),
]);
export type EventsQuery = Static<typeof EventsQuery>;
