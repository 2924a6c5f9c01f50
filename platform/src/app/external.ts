import { findPython, installPython, sealedPython } from '../adapters/families-python/index.ts';
import type { ExternalEnvironment } from '../selection/ports.ts';
import type { Config } from './config.ts';
import { pythonRoot } from './home.ts';

/**
 * The Python that fits external families: the one SLIPWAY_PYTHON names, or the sealed one in the home folder.
 *
 * @returns undefined when neither is there
 * @throws PYTHON_NOT_FOUND, PYTHON_UNSUITABLE when SLIPWAY_PYTHON names one that does not do
 */
export async function findExternal({ python, home }: Config): Promise<ExternalEnvironment | undefined> {
  return python === undefined ? sealedPython(pythonRoot(home)) : findPython(python);
}

/**
 * Installs the sealed environment into the home folder, unless it is there.
 *
 * @throws PYTHON_INSTALL_FAILED
 */
export function installExternal({ home }: Config): Promise<ExternalEnvironment> {
  return installPython(pythonRoot(home));
}
