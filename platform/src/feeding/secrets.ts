import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { SecretSummary } from '../contracts/data-query.ts';
import { SlipwayError } from '../kernel/errors.ts';
import { requireName } from '../kernel/names.ts';
import type { FeedingContext } from './context.ts';
import type { SecretRef } from './ports.ts';

const FILE_BYTES_MAX = 64 * 1024;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * The values behind references, read when they are used and kept nowhere.
 *
 * @throws SECRET_NOT_FOUND naming the reference, never a value
 */
export async function resolveSecrets(
  deps: FeedingContext,
  references: Readonly<Record<string, SecretRef>>,
): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const [name, reference] of Object.entries(references)) values[name] = await resolve(deps, reference);
  return values;
}

async function resolve(deps: FeedingContext, reference: SecretRef): Promise<string> {
  const [kind, ...rest] = reference.split(':');
  const where = rest.join(':');
  if (kind === 'env') {
    const value = deps.environment(where);
    if (value !== undefined && value !== '') return value;
    throw missing(reference, `Set ${where} in the environment of the server and start it again.`);
  }
  if (kind === 'file') {
    if (!isAbsolute(where)) throw missing(reference, 'Give an absolute path.');
    const info = await stat(where).catch(() => undefined);
    if (info === undefined || !info.isFile() || info.size > FILE_BYTES_MAX)
      throw missing(reference, 'Name a readable file of at most 64 KiB.');
    return (await readFile(where, 'utf8')).replace(/\r?\n$/, '');
  }
  if (kind === 'store') {
    const sealed = await deps.secrets.get(where);
    if (sealed !== undefined) return unseal(sealed, await deps.secretKey(), where);
    throw missing(reference, `Store it: \`slipway secrets set ${where}\`.`);
  }
  throw missing(reference, 'References are env:NAME, file:/path and store:name.');
}

function missing(reference: SecretRef, fix: string): SlipwayError {
  return new SlipwayError('SECRET_NOT_FOUND', {
    message: `the credential ${reference} cannot be read`,
    fix,
    details: { reference },
  });
}

/** AES-256-GCM; the name is authenticated, so that sealed values cannot be swapped. */
export function seal(value: string, key: Uint8Array, name: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(name));
  const body = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
}

/** @throws SECRET_UNREADABLE when it was sealed with another key or changed */
export function unseal(sealed: string, key: Uint8Array, name: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES))
      .setAAD(Buffer.from(name))
      .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([
      decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)),
      decipher.final(),
    ]).toString('utf8');
  } catch {
    throw new SlipwayError('SECRET_UNREADABLE', {
      message: `the stored secret '${name}' does not open with this home's key`,
      fix: `Store it again: \`slipway secrets set ${name}\`.`,
      details: { name },
    });
  }
}

export async function setSecret(deps: FeedingContext, name: string, value: string): Promise<SecretSummary> {
  requireName('secret', name);
  const at = deps.clock.now();
  const sealed = seal(value, await deps.secretKey(), name);
  await deps.transactor.transaction(async (tx) => {
    await deps.secrets.put(tx, { name, sealed, at });
    await deps.events.append(tx, { type: 'secret.set', subject: `secrets/${name}`, data: {} });
  });
  return { name, updatedAt: at };
}

export async function removeSecret(deps: FeedingContext, name: string): Promise<void> {
  const removed = await deps.transactor.transaction(async (tx) => {
    const found = await deps.secrets.remove(tx, name);
    if (found) await deps.events.append(tx, { type: 'secret.removed', subject: `secrets/${name}`, data: {} });
    return found;
  });
  if (!removed) throw missing(`store:${name}`, 'List names with `slipway secrets ls`.');
}
