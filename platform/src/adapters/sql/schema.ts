/**
 * Tables in the portable subset: text ids, integer milliseconds, JSON as text. `project` stands in every unique key although there
 * is one project today, because adding it later would rewrite every table.
 */
interface Scoped {
  project: string;
}

export interface Database {
  slipway_migrations: { version: number; applied_at: number };
  events: Scoped & {
    sequence: number;
    time: number;
    type: string;
    actor: string;
    subject: string;
    data: string;
  };
  datasets: Scoped & {
    name: string;
    version: number;
    snapshot: string;
    rows: number;
    quarantined: number;
    columns: number;
    bytes: number;
    source: string;
    created_at: number;
    updated_at: number;
  };
  snapshots: Scoped & { dataset: string; version: number; id: string; manifest: string; created_at: number };
  version_facts: Scoped & {
    dataset: string;
    version: number;
    branch: string;
    operation: string;
    parent: number | null;
    contract_version: number;
  };
  data_records: Scoped & {
    kind: string;
    dataset: string;
    name: string;
    created_at: number;
    updated_at: number;
    body: string;
  };
  quarantine_parts: Scoped & {
    dataset: string;
    digest: string;
    version: number;
    contract_version: number;
    source: string;
    rows: number;
    created_at: number;
  };
  quarantine_items: Scoped & {
    dataset: string;
    digest: string;
    position: number;
    status: string;
    fixed: string | null;
    version: number | null;
    updated_at: number;
  };
  secrets: Scoped & { name: string; sealed: string; updated_at: number };
  studies: Scoped & { id: string; created_at: number; summary: string; detail: string };
  candidates: Scoped & { study_id: string; candidate: string; position: number; row: string };
  runs: Scoped & {
    id: string;
    pipeline: string;
    name: string;
    key: string;
    status: string;
    params: string;
    result: string | null;
    error: string | null;
    created_at: number;
    ended_at: number | null;
  };
  run_steps: Scoped & {
    run_id: string;
    step: string;
    position: number;
    status: string;
    epoch: number;
    started_at: number | null;
    ended_at: number | null;
    cache_key: string | null;
    reason: string;
    outputs: string;
    error: string | null;
  };
  attempts: Scoped & {
    id: string;
    run_id: string;
    step: string;
    epoch: number;
    status: string;
    started_at: number;
    ended_at: number | null;
    error: string | null;
  };
  run_logs: Scoped & {
    run_id: string;
    sequence: number;
    time: number;
    step: string;
    level: string;
    message: string;
  };
  reports: Scoped & {
    id: string;
    model: string;
    version: number | null;
    created_at: number;
    summary: string;
    detail: string;
  };
  test_openings: Scoped & { model: string; test_key: string; report_id: string };
  models: Scoped & { name: string; latest_version: number; created_at: number; updated_at: number };
  versions: Scoped & {
    model: string;
    version: number;
    digest: string;
    dataset: string;
    snapshot: string;
    created_at: number;
    detail: string;
  };
  aliases: Scoped & { model: string; alias: string; version: number };
  deployments: Scoped & { name: string; live_revision: number; created_at: number; updated_at: number };
  revisions: Scoped & {
    deployment: string;
    revision: number;
    model: string;
    version: number;
    model_digest: string;
    role: string;
    created_at: number;
    reason: string;
  };
  feedback: Scoped & {
    sequence: number;
    prediction_id: string;
    deployment: string;
    label: string;
    time: number;
    received_at: number;
  };
  monitors: Scoped & {
    name: string;
    deployment: string;
    version: number;
    revision: number;
    baseline_digest: string;
    coercions: string;
    created_at: number;
    position: string | null;
    feedback_sequence: number;
  };
  monitor_windows: Scoped & { monitor: string; revision: number; start: number; counts: string };
  idempotency: Scoped & { key: string; request_digest: string; response: string; created_at: number };
}
