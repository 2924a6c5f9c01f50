import { resolve } from 'node:path';
import { SlipwayError } from '../kernel/errors.ts';

/** All settings, validated once. The only module that reads the environment. */
export interface Config {
  /** Absolute path of the home folder. Default: `.slipway` in the current folder. */
  readonly home: string;
  /** Default 127.0.0.1: nothing outside this machine can connect. */
  readonly host: string;
  /** 0 takes a free port. Default 7070. */
  readonly port: number;
  /** Postgres URL; undefined = SQLite in the home folder. From SLIPWAY_DATABASE_URL only. */
  readonly databaseUrl: string | undefined;
  /** Bearer token demanded from every caller; required (made and printed once) when host is not loopback. From SLIPWAY_TOKEN or the home folder. */
  readonly token: string | undefined;
  /** Extra Host names that may be used to reach the server, comma-separated in SLIPWAY_ALLOWED_HOSTS. */
  readonly allowedHosts: readonly string[];
  /** pino level. From SLIPWAY_LOG. Default 'info' for `up`, 'warn' otherwise. */
  readonly logLevel: string;
  /** Name of a kill point for crash tests. From SLIPWAY_KILL_AT; empty in production. */
  readonly killAt: string | undefined;
  /** Where OpenLineage events go: an http(s) URL. From SLIPWAY_OPENLINEAGE_URL; none: nowhere. */
  readonly openLineageUrl: string | undefined;
  /** Bearer token for it. From SLIPWAY_OPENLINEAGE_KEY. */
  readonly openLineageKey: string | undefined;
  /** Python whose packages are used as they are, instead of the sealed environment. From SLIPWAY_PYTHON. */
  readonly python: string | undefined;
  /** Worker threads for fits. From SLIPWAY_THREADS; default: the number of cores, at most 8. */
  readonly threads: number;
}

export interface ConfigOptions {
  readonly home?: string;
  readonly host?: string;
  readonly port?: number;
  readonly logLevel?: string;
}

export function readConfig(options: ConfigOptions, env: NodeJS.ProcessEnv = process.env, cores = 2): Config {
  const port = options.port ?? 7070;
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new SlipwayError('USAGE', {
      message: `port ${port} is not in 0…65535`,
      fix: 'Give --port a free port, e.g. 7071.',
    });
  }
  const threads =
    env['SLIPWAY_THREADS'] === undefined ? Math.min(8, Math.max(1, cores)) : Number(env['SLIPWAY_THREADS']);
  if (!Number.isInteger(threads) || threads < 1 || threads > 256) {
    throw new SlipwayError('USAGE', {
      message: `SLIPWAY_THREADS=${env['SLIPWAY_THREADS']} is not a number of threads`,
      fix: 'Set it to an integer from 1 to 256, or unset it.',
    });
  }
  return {
    home: resolve(options.home ?? env['SLIPWAY_HOME'] ?? '.slipway'),
    host: options.host ?? '127.0.0.1',
    port,
    databaseUrl: nonEmpty(env['SLIPWAY_DATABASE_URL']),
    token: nonEmpty(env['SLIPWAY_TOKEN']),
    allowedHosts: (env['SLIPWAY_ALLOWED_HOSTS'] ?? '')
      .split(',')
      .map((host) => host.trim())
      .filter((host) => host !== ''),
    logLevel: options.logLevel ?? env['SLIPWAY_LOG'] ?? 'info',
    killAt: nonEmpty(env['SLIPWAY_KILL_AT']),
    python: nonEmpty(env['SLIPWAY_PYTHON']),
    openLineageUrl: nonEmpty(env['SLIPWAY_OPENLINEAGE_URL']),
    openLineageKey: nonEmpty(env['SLIPWAY_OPENLINEAGE_KEY']),
    threads,
  };
}

/** What a program of the system needs to start; none of what may hold a secret. */
export function systemEnvironment(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const names = ['PATH', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'SystemRoot', 'LANG'];
  return Object.fromEntries(
    names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const])),
  );
}

/** A variable of the environment by name: credentials `env:NAME` are read when they are used. */
export function environmentVariable(name: string): string | undefined {
  return process.env[name];
}

/** Settings of the command line's client. */
export function readClientEnv(env: NodeJS.ProcessEnv = process.env): {
  url: string | undefined;
  token: string | undefined;
  noColor: boolean;
  ci: boolean;
} {
  return {
    url: nonEmpty(env['SLIPWAY_URL']),
    token: nonEmpty(env['SLIPWAY_TOKEN']),
    noColor: nonEmpty(env['NO_COLOR']) !== undefined,
    ci: nonEmpty(env['CI']) !== undefined,
  };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}
