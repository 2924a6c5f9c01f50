import { existsSync, readFileSync } from 'node:fs';
import { WebAssembly } from '../estimators/booster/webassembly.ts';
import '../estimators/errors.ts';
import { SlipwayError } from '../kernel/errors.ts';

const modules = new Map<string, object>();

/**
 * A compiled kernel, once a process.
 *
 * @throws KERNELS_MISSING
 */
export function compiledModule(url: URL): object {
  const known = modules.get(url.href);
  if (known !== undefined) return known;
  if (!existsSync(url)) {
    throw new SlipwayError('KERNELS_MISSING', {
      message: `there is no ${url.pathname}`,
      fix: 'Build the program: npm run build.',
    });
  }
  const module = new WebAssembly.Module(new Uint8Array(readFileSync(url)));
  modules.set(url.href, module);
  return module;
}
