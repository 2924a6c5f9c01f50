import { type Static, Type } from '@sinclair/typebox';

export const ServerInfo = Type.Object({
  name: Type.Literal('slipway'),
  version: Type.String(),
  pid: Type.Integer(),
  startedAt: Type.Integer(),
  database: Type.Unsafe<'sqlite' | 'postgres'>({ type: 'string', enum: ['sqlite', 'postgres'] }),
  memoryBytes: Type.Integer({ description: 'Resident memory of the server process' }),
  node: Type.String(),
});
export type ServerInfo = Static<typeof ServerInfo>;

export const DoctorCheck = Type.Object({
  check: Type.String(),
  status: Type.Unsafe<'ok' | 'warning' | 'failed' | 'absent'>({
    type: 'string',
    enum: ['ok', 'warning', 'failed', 'absent'],
  }),
  message: Type.String(),
  fix: Type.Optional(Type.String()),
});
export type DoctorCheck = Static<typeof DoctorCheck>;

/** The overview page in one reply: each room's first number, and what is open now. */
export const Overview = Type.Object({
  rooms: Type.Object({
    feeding: Type.Object({ datasets: Type.Integer(), rows: Type.Integer(), quarantined: Type.Integer() }),
    selection: Type.Object({ studies: Type.Integer(), running: Type.Integer() }),
    pipelines: Type.Object({ runs: Type.Integer(), running: Type.Integer(), failed: Type.Integer() }),
    validation: Type.Object({ reports: Type.Integer(), failed: Type.Integer() }),
    deployment: Type.Object({
      deployments: Type.Integer(),
      requests: Type.Integer(),
      errors: Type.Integer(),
    }),
    monitoring: Type.Object({ monitors: Type.Integer(), drifting: Type.Integer() }),
    registry: Type.Object({ models: Type.Integer(), versions: Type.Integer() }),
  }),
  /** Things that need someone: newest failed runs, refused gates, drifting monitors, log gaps. */
  open: Type.Array(
    Type.Object({
      kind: Type.String(),
      title: Type.String(),
      detail: Type.String(),
      time: Type.Integer(),
      link: Type.String(),
      severity: Type.Unsafe<'fail' | 'warn' | 'info'>({ type: 'string', enum: ['fail', 'warn', 'info'] }),
    }),
  ),
});
export type Overview = Static<typeof Overview>;
