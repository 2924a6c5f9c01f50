/** One noun, four places: the room (folder), its CLI noun, its API path, its section of the UI. */
export interface RoomNames {
  readonly room: string;
  readonly things: string;
  readonly cli: string;
  readonly api: string;
  readonly ui: string;
}

export const ROOMS: readonly RoomNames[] = [
  { room: 'feeding', things: 'data sets', cli: 'data', api: '/api/v1/datasets', ui: '/feeding' },
  { room: 'selection', things: 'studies', cli: 'select', api: '/api/v1/studies', ui: '/selection' },
  { room: 'pipelines', things: 'pipeline runs', cli: 'pipelines', api: '/api/v1/runs', ui: '/pipelines' },
  { room: 'validation', things: 'reports', cli: 'validate', api: '/api/v1/validations', ui: '/validation' },
  { room: 'deployment', things: 'deployments', cli: 'deploy', api: '/api/v1/deployments', ui: '/deployment' },
  { room: 'monitoring', things: 'monitors', cli: 'monitor', api: '/api/v1/monitors', ui: '/monitoring' },
];

/** The record room of models. */
export const REGISTRY_NAMES: RoomNames = {
  room: 'registry',
  things: 'models',
  cli: 'models',
  api: '/api/v1/models',
  ui: '/registry',
};
