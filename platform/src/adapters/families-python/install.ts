import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SlipwayError } from '../../kernel/errors.ts';
import type { ExternalEnvironment } from '../../selection/ports.ts';
import { interpreterOf, readLock, SEALED_MARK, sealedFolder, sealedPython } from './environment.ts';
import './errors.ts';

const execute = promisify(execFile);
const INSTALL_MS_MAX = 15 * 60_000;
const OUTPUT_CHARS_MAX = 4_000;

/**
 * Builds the sealed environment from the lock file, unless it is there: a virtual environment in a folder named by the lock's digest,
 * with wheels only, each compared with its hash. Needs the package index that pip is configured for.
 *
 * @param root `<home>/python`
 * @param base a Python 3.11 to 3.13 that has `venv` and pip. Default: python3 on PATH
 * @throws PYTHON_INSTALL_FAILED; what is half built is removed
 */
export async function installPython(root: string, base = 'python3'): Promise<ExternalEnvironment> {
  const found = await sealedPython(root);
  if (found !== undefined) return found;
  const { path, digest } = await readLock();
  const folder = sealedFolder(root, digest);
  await rm(folder, { recursive: true, force: true });
  await mkdir(root, { recursive: true });
  try {
    await execute(base, ['-m', 'venv', folder], { timeout: INSTALL_MS_MAX });
    // --no-deps: the lock names all that is needed, and leaves out what libraries only plot with.
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
    const sealed = ['--require-hashes', '--only-binary', ':all:', '-r', fileURLToPath(path)];
    await execute(interpreterOf(folder), [...pip, ...sealed], { timeout: INSTALL_MS_MAX });
    await writeFile(join(folder, SEALED_MARK), JSON.stringify({ lock: digest }));
    return (await sealedPython(root))!;
  } catch (error) {
    if (existsSync(folder)) await rm(folder, { recursive: true, force: true });
    const { stderr, message } = error as Error & { stderr?: string };
    const lines = (stderr ?? '').split('\n').filter((line) => /error/i.test(line));
    throw new SlipwayError('PYTHON_INSTALL_FAILED', {
      message: `the Python environment could not be installed: ${lines[0]?.trim() ?? message.split('\n')[0]}`,
      fix: 'Have Python 3.11 to 3.13 with venv on PATH and its package index in reach, or let SLIPWAY_PYTHON name a Python that has the libraries.',
      details: { base, output: (stderr ?? message).slice(-OUTPUT_CHARS_MAX) },
      cause: error,
    });
  }
}
