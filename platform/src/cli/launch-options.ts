import { readFile } from 'node:fs/promises';
import type { ColumnType } from '../contracts/common.ts';
import type { LaunchRequest } from '../contracts/launch.ts';
import { nearestName } from '../kernel/names.ts';
import type { CommonOptions } from './command.ts';
import { usageError } from './failure.ts';
import { findFile } from './source.ts';

/** Options of `slipway launch`, as commander leaves them. */
export interface LaunchOptions extends CommonOptions {
  readonly target?: string;
  readonly data?: string;
  readonly name?: string;
  readonly task?: LaunchRequest['task'];
  readonly positive?: string;
  readonly metric?: string;
  readonly exclude?: readonly string[];
  readonly types?: readonly string[];
  readonly testFile?: string;
  readonly header?: LaunchRequest['header'];
  readonly budget?: string;
  readonly seed?: string;
  readonly time?: string;
  readonly group?: string;
  readonly leaks?: LaunchRequest['leaks'];
  readonly families?: LaunchRequest['families'];
  readonly policy?: string;
  readonly force?: boolean;
  readonly position?: string;
  readonly exit?: boolean;
  readonly port?: string;
  readonly host?: string;
}

/** The request without its sources. Throws usage errors (exit 2) before any server is asked. */
export async function readLaunchOptions(
  options: LaunchOptions,
  startedAt: number,
): Promise<Omit<LaunchRequest, 'source' | 'testSource'>> {
  const { target, data, name, task, positive, metric, header, time, group, leaks, families, force } = options;
  if (target === undefined)
    throw usageError('--target is missing', 'Name the column to predict: --target <column>.');
  const request = {
    target,
    data,
    name,
    task,
    positive,
    metric,
    header,
    time,
    group,
    leaks,
    families,
    force,
    exclude: options.exclude === undefined ? undefined : readNames(options.exclude),
    types: options.types === undefined ? undefined : readTypes(options.types),
    budgetSeconds: options.budget === undefined ? undefined : readBudget(options.budget),
    seed: options.seed === undefined ? undefined : readWhole('--seed', options.seed, 0),
    position: options.position === undefined ? undefined : readWhole('--position', options.position, 1),
    policy: options.policy === undefined ? undefined : await readPolicy(options.policy),
    startedAt,
  };
  return Object.fromEntries(
    Object.entries(request).filter(([, value]) => value !== undefined),
  ) as typeof request & { target: string };
}

/** Several options, each a comma-separated list; `\,` is a comma inside a name. */
export function readNames(given: readonly string[]): string[] {
  return given
    .flatMap((text) => text.split(/(?<!\\),/))
    .map((name) => name.replaceAll('\\,', ',').trim())
    .filter((name) => name !== '');
}

const TYPES: readonly ColumnType[] = ['string', 'number', 'integer', 'boolean', 'date', 'timestamp'];

/** `age=integer,zip=string`; the last `=` parts, so that names may hold one. */
export function readTypes(given: readonly string[]): Record<string, ColumnType> {
  const types: Record<string, ColumnType> = {};
  for (const entry of readNames(given)) {
    const at = entry.lastIndexOf('=');
    const [column, type] = [entry.slice(0, Math.max(0, at)), entry.slice(at + 1)];
    if (at <= 0) {
      throw usageError(`--types '${entry}' is not column=type`, 'Write e.g. --types zip=string,age=integer.');
    }
    if (!(TYPES as readonly string[]).includes(type)) {
      const near = nearestName(type, TYPES);
      throw usageError(
        `--types: '${type}' is not a type (column '${column}')`,
        `${near === undefined ? '' : `Did you mean '${near}'? `}Types are ${TYPES.join(', ')}.`,
      );
    }
    types[column] = type as ColumnType;
  }
  return types;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, min: 60, h: 3600 };

/** `30s`, `2m`, `1h`, or seconds. */
export function readBudget(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(s|m|min|h|)$/.exec(text.trim());
  const seconds = match === null ? Number.NaN : Number(match[1]) * UNIT_SECONDS[match[2]!]!;
  if (!(seconds >= 1 && seconds <= 86_400)) {
    throw usageError(
      `--budget '${text}' is not a time between 1s and 24h`,
      'Write e.g. --budget 30s, 2m or 1h.',
    );
  }
  return seconds;
}

const TIME_SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, min: 60, h: 3600, d: 86_400 };

/** `30s`, `5m`, `1h`, `1d`, or seconds; 0 is allowed. */
export function readSeconds(option: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(s|m|min|h|d|)$/.exec(text.trim());
  if (match !== null) return Number(match[1]) * TIME_SECONDS[match[2]!]!;
  throw usageError(`${option} '${text}' is not a time`, `Write e.g. ${option} 30s, 5m, 1h or 1d.`);
}

export function readWhole(option: string, text: string, min: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < min) {
    throw usageError(
      `${option} '${text}' is not a whole number from ${min}`,
      `Write e.g. ${option} ${min + 6}.`,
    );
  }
  return value;
}

export function readPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = readWhole('--port', text, 0);
  if (port > 65_535) throw usageError(`--port ${text} is above 65535`, 'Give a free port, e.g. 7071.');
  return port;
}

async function readPolicy(path: string): Promise<NonNullable<LaunchRequest['policy']>> {
  const file = await findFile(path);
  const text = await readFile(file.path, 'utf8');
  try {
    const policy = JSON.parse(text) as unknown;
    if (policy !== null && typeof policy === 'object' && !Array.isArray(policy)) return policy;
  } catch (error) {
    throw usageError(
      `the policy ${path} is not JSON: ${(error as Error).message}`,
      'Write e.g. {"require": {"auc": 0.9}}.',
    );
  }
  throw usageError(`the policy ${path} is not a JSON object`, 'Write e.g. {"require": {"auc": 0.9}}.');
}
