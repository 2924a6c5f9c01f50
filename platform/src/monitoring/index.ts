/** What other layers use of monitoring. */
export { type BaselineRequest, buildBaseline } from './baseline.ts';
export { MONITORING_ERRORS } from './errors.ts';
export { createMonitoring, type MonitoringOptions } from './monitoring.ts';
