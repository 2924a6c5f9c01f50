export type { IdempotencyStore } from './idempotency-store.ts';
export { openSqlStores, type SqlLocation, type SqlStores } from './open.ts';
