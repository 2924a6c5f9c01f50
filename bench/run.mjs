// `npm run bench` runs every benchmark, one after the other; `npm run bench -- serving drift` those named.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './harness.mjs';

const all = readdirSync(join(ROOT, 'bench'))
  .filter((file) => file.endsWith('.mjs') && !['run.mjs', 'harness.mjs'].includes(file))
  .map((file) => file.replace('.mjs', ''));
const named = process.argv.slice(2);
const unknown = named.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`no benchmark ${unknown.join(', ')}; there are ${all.join(', ')}`);
  process.exit(2);
}
let failed = 0;
for (const name of named.length > 0 ? named : all) {
  console.error(`\n== ${name}`);
  const { status } = spawnSync(process.execPath, [join(ROOT, 'bench', `${name}.mjs`)], { stdio: 'inherit' });
  if (status !== 0) failed++;
}
process.exit(failed === 0 ? 0 : 1);
