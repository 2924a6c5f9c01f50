import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { digestOf } from '../../kernel/canonical-json.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { builtModule } from '../../kernel/module-path.ts';
import type { ExternalEnvironment, ExternalFamily, ExternalLibrary } from '../../selection/ports.ts';
import './errors.ts';

const execute = promisify(execFile);
const PROBE_MS_MAX = 30_000;

interface Known {
  readonly library: string;
  /** Names under which the package index has it: one of them is enough. */
  readonly packages: readonly string[];
  readonly licence: string;
  readonly families: readonly ExternalFamily[];
}

/** In the order of the schedule. */
const KNOWN: readonly Known[] = [
  { library: 'LightGBM', packages: ['lightgbm'], licence: 'MIT', families: ['lightgbm'] },
  { library: 'XGBoost', packages: ['xgboost', 'xgboost-cpu'], licence: 'Apache-2.0', families: ['xgboost'] },
  { library: 'CatBoost', packages: ['catboost'], licence: 'Apache-2.0', families: ['catboost'] },
  {
    library: 'scikit-learn',
    packages: ['scikit-learn'],
    licence: 'BSD-3-Clause',
    families: ['sklearn-hgb', 'sklearn-forest', 'sklearn-extra'],
  },
];

/** Asks for versions without importing anything: libraries take seconds to load. */
const PROBE = `
import importlib.metadata as m, json, platform, sys
def version(name):
    try:
        return m.version(name)
    except m.PackageNotFoundError:
        return None
names = sys.argv[1:]
print(json.dumps({"interpreter": sys.executable, "version": platform.python_version(), "packages": {n: version(n) for n in names}}))
`;

interface Probed {
  readonly interpreter: string;
  readonly version: string;
  readonly packages: Readonly<Record<string, string | null>>;
}

/**
 * The environment of an interpreter that the user names: its packages are used as they are.
 *
 * @param interpreter path, or a command on PATH
 * @throws PYTHON_NOT_FOUND when it cannot be run; PYTHON_UNSUITABLE when it has none of the libraries
 */
export async function findPython(interpreter: string): Promise<ExternalEnvironment> {
  const probed = await probe(interpreter);
  const { version, packages } = probed;
  const libraries = librariesOf(packages);
  if (libraries.length === 0) {
    throw new SlipwayError('PYTHON_UNSUITABLE', {
      message: `${interpreter} (Python ${version}) has numpy and one of ${KNOWN.map(({ library }) => library).join(', ')} not installed`,
      fix: 'Install them there, or unset SLIPWAY_PYTHON and run `slipway doctor --python`.',
      details: { interpreter, packages },
    });
  }
  const digest = digestOf({ version, packages });
  return { interpreter: probed.interpreter, version, sealed: false, digest, libraries };
}

/** The lock file that is shipped with the program, and its sha256. */
export async function readLock(): Promise<{ readonly path: URL; readonly digest: string }> {
  const path = builtModule(import.meta.url, './requirements.lock');
  return {
    path,
    digest: createHash('sha256')
      .update(await readFile(path))
      .digest('hex'),
  };
}

/** Folder of the sealed environment of a lock file. */
export function sealedFolder(root: string, digest: string): string {
  return join(root, digest.slice(0, 16));
}

export function interpreterOf(folder: string): string {
  return process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
}

/** Written last: an environment without it is half an environment. */
export const SEALED_MARK = 'slipway.json';

/**
 * The environment that was installed from this program's lock file, or undefined when there is none.
 *
 * @param root `<home>/python`
 */
export async function sealedPython(root: string): Promise<ExternalEnvironment | undefined> {
  const { digest } = await readLock();
  const folder = sealedFolder(root, digest);
  if (!existsSync(join(folder, SEALED_MARK))) return undefined;
  const found = await findPython(interpreterOf(folder));
  return { ...found, interpreter: interpreterOf(folder), sealed: true, digest };
}

function librariesOf(packages: Probed['packages']): ExternalLibrary[] {
  if (packages['numpy'] == null) return [];
  return KNOWN.flatMap(({ library, packages: names, licence, families }) => {
    const version = names.map((name) => packages[name]).find((found) => found != null);
    return version == null ? [] : families.map((family) => ({ family, library, version, licence }));
  });
}

async function probe(interpreter: string): Promise<Probed> {
  const names = ['numpy', ...KNOWN.flatMap(({ packages }) => packages)];
  try {
    const { stdout } = await execute(interpreter, ['-I', '-c', PROBE, ...names], { timeout: PROBE_MS_MAX });
    return JSON.parse(stdout) as Probed;
  } catch (error) {
    const { code, stderr, message } = error as NodeJS.ErrnoException & { stderr?: string };
    const absent = code === 'ENOENT' || code === 'EACCES';
    const why = absent
      ? 'is not there, or is no program'
      : `does not answer: ${stderr?.trim().split('\n').at(-1) || message}`;
    throw new SlipwayError('PYTHON_NOT_FOUND', {
      message: `the Python interpreter '${interpreter}' ${why}`,
      fix: 'Let SLIPWAY_PYTHON name a Python 3.10 or newer, or unset it.',
      details: { interpreter },
      cause: error,
    });
  }
}
