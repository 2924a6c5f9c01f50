import { randomBytes } from 'node:crypto';
import { access, constants, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineErrors, SlipwayError } from '../kernel/errors.ts';

defineErrors({
  HOME_NOT_WRITABLE: { status: 500, exit: 4, kind: 'user', title: 'The home folder cannot be written' },
});

/** Where everything of one Slipway lives. Nothing outside this folder is ever written. */
export interface HomeFolders {
  readonly root: string;
  readonly database: string;
  readonly blobs: string;
  readonly work: string;
  readonly predictions: string;
  readonly pushed: string;
  /** Sealed Python environments, one folder a lock file. Made when one is installed. */
  readonly python: string;
}

/** Where sealed Python environments lie in a home folder. */
export function pythonRoot(home: string): string {
  return join(home, 'python');
}

/** @throws HOME_NOT_WRITABLE when the folder cannot be made or written. */
export async function openHome(root: string): Promise<HomeFolders> {
  const folders = {
    root,
    database: join(root, 'slipway.db'),
    blobs: join(root, 'blobs'),
    work: join(root, 'work'),
    predictions: join(root, 'predictions'),
    pushed: join(root, 'pushed'),
    python: pythonRoot(root),
  };
  try {
    // Only the owner may read: rows and predictions are private by default.
    await mkdir(root, { recursive: true, mode: 0o700 });
    for (const folder of [folders.blobs, folders.work, folders.predictions, folders.pushed])
      await mkdir(folder, { recursive: true });
    await access(root, constants.W_OK);
    // A home inside a repository must not be committed by accident.
    await writeFile(join(root, '.gitignore'), '*\n');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw error;
    throw new SlipwayError('HOME_NOT_WRITABLE', {
      message: `the home folder ${root} cannot be written: ${message}`,
      fix: 'Give --home a folder you may write, or mend the permissions of this one.',
      cause: error,
    });
  }
  return folders;
}

const KEY_BYTES = 32;

/** The key of the encrypted store: in the home, readable by its owner only, made on first use. */
export async function secretKey(root: string): Promise<Uint8Array> {
  const path = join(root, 'secret.key');
  const known = await readFile(path).catch(() => undefined);
  if (known?.length === KEY_BYTES) return known;
  const key = randomBytes(KEY_BYTES);
  await writeFile(path, key, { mode: 0o600, flag: 'wx' });
  return key;
}
