import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../app/config.ts';
import { openHome } from '../app/home.ts';
import { isLoopback } from './access.ts';

/**
 * The configuration with the token that callers must show: the given one; beyond loopback the home's own, made on first use and
 * readable by its owner only; on loopback none.
 */
export async function withToken(config: Config): Promise<Config> {
  if (config.token !== undefined || isLoopback(config.host)) return config;
  const known = await readHomeToken(config.home);
  if (known !== undefined) return { ...config, token: known };
  const token = randomBytes(24).toString('base64url');
  await openHome(config.home);
  await writeFile(tokenPath(config.home), `${token}\n`, { mode: 0o600, flag: 'wx' });
  return { ...config, token };
}

/** The token in the home folder, for whoever may read it. */
export async function readHomeToken(home: string): Promise<string | undefined> {
  const text = (await readFile(tokenPath(home), 'utf8').catch(() => '')).trim();
  return text === '' ? undefined : text;
}

function tokenPath(home: string): string {
  return join(home, 'token');
}
