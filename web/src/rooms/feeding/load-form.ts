import type { LoadMode, LoadRequestBody, SourceSpec } from '../../../../platform/src/contracts/data-loads.ts';

/** What the load form holds: texts, as they stand in its fields. */
export interface LoadDraft {
  readonly from: 'file' | 'source';
  readonly name: string;
  readonly uri: string;
  readonly mode: LoadMode;
  readonly key: string;
  readonly branch: string;
  readonly table: string;
  readonly query: string;
  readonly cursor: string;
  readonly endpoint: string;
  readonly region: string;
  /** `name=reference` a line. */
  readonly credentials: string;
  readonly allowPrivate: boolean;
  readonly remember: boolean;
  /** Like `30m`; empty: only once. */
  readonly every: string;
}

export const NEW_LOAD: LoadDraft = {
  ...{ from: 'file', name: '', uri: '', mode: 'replace', key: '', branch: '', table: '', query: '' },
  ...{
    cursor: '',
    endpoint: '',
    region: '',
    credentials: '',
    allowPrivate: false,
    remember: true,
    every: '',
  },
};

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** '90s', '30m', '1h', '2d' in seconds; null for an empty text. @throws Error for anything else */
export function readEvery(text: string): number | null {
  if (text.trim() === '') return null;
  const [, amount, unit] = /^(\d+)\s*([smhdw])$/.exec(text.trim()) ?? [];
  if (amount === undefined || Number(amount) < 1)
    throw new Error(`'${text}' is not a time: write 30s, 5m, 1h or 1d`);
  return Number(amount) * UNIT_SECONDS[unit!]!;
}

/** 3600 → '1 h'. */
export function writeEvery(everySeconds: number): string {
  for (const [unit, size] of Object.entries(UNIT_SECONDS).reverse()) {
    if (everySeconds % size === 0) return `${everySeconds / size} ${unit === 'm' ? 'min' : unit}`;
  }
  return `${everySeconds} s`;
}

export const words = (text: string): string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

/** Only what was said: an absent member keeps the server's default. */
function said<T extends object>(parts: T): { [K in keyof T]?: Exclude<T[K], undefined | ''> } {
  return Object.fromEntries(
    Object.entries(parts).filter(([, value]) => value !== undefined && value !== '' && value !== false),
  ) as never;
}

export function sourceOf(draft: LoadDraft): SourceSpec {
  const credentials = Object.fromEntries(
    draft.credentials
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')).trim(), line.slice(line.indexOf('=') + 1).trim()]),
  );
  const { table, query, cursor, endpoint, region, allowPrivate } = draft;
  return {
    uri: draft.uri.trim(),
    ...said({ table, query, cursor, endpoint, region, allowPrivate }),
    ...(Object.keys(credentials).length === 0 ? {} : { credentials }),
  } as SourceSpec;
}

/** The body of the load; `digest` is that of the uploaded file. */
export function requestOf(draft: LoadDraft, file?: { digest: string; fileName: string }): LoadRequestBody {
  const key = words(draft.key);
  const options = {
    mode: draft.mode,
    ...(key.length === 0 ? {} : { key }),
    ...said({ branch: draft.branch }),
  };
  if (file !== undefined) return { file, options };
  const everySeconds = readEvery(draft.every);
  return {
    source: sourceOf(draft),
    options,
    remember: draft.remember || everySeconds !== null,
    ...(everySeconds === null ? {} : { schedule: { everySeconds } }),
  };
}

/** 'Sales Q1.csv' → 'sales-q1': a name that may be one. */
export function nameFrom(fileName: string): string {
  return fileName
    .toLowerCase()
    .replace(/\.(csv|tsv|txt|json|ndjson|jsonl|parquet|gz|zst)\b/g, '')
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+|-+$/g, '')
    .slice(0, 120);
}
