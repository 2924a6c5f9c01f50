import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtModule } from '../kernel/module-path.ts';

/**
 * sha256 over the built program (paths and bytes of every module, kernel and script), so that a launch key changes with the code.
 * Read once at server start; about 10 ms.
 */
export function codeDigest(): string {
  const root = fileURLToPath(builtModule(import.meta.url, '../'));
  const hash = createHash('sha256');
  for (const file of programFiles(root)) {
    hash.update(relative(root, file)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

function programFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return programFiles(path);
      return /(?<!\.test)\.(js|wasm|py|lock)$/.test(entry.name) ? [path] : [];
    })
    .sort();
}
