// Compiles the AssemblyScript kernels to WebAssembly, each beside the code that calls it; skips when sources and flags are unchanged.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const sources = path.join(root, 'platform/assembly');
const flags = ['-O3', '--runtime', 'stub', '--enable', 'simd', '--importMemory', '--maximumMemory', '65536'];

/** Binary → the files of `platform/assembly` that begin with this. */
const BINARIES = {
  'platform/dist/estimators/booster/kernels.wasm': 'booster',
  'platform/dist/estimators/explain/treeshap.wasm': 'treeshap',
  'platform/dist/feeding/survey.wasm': 'survey',
  'platform/dist/feeding/lines.wasm': 'lines',
};

/** @returns {Promise<boolean>} true when it compiled, false when all binaries were up to date. */
export async function buildKernels() {
  let built = false;
  for (const [target, prefix] of Object.entries(BINARIES)) {
    if (await buildBinary(path.join(root, target), prefix)) built = true;
  }
  return built;
}

async function buildBinary(target, prefix) {
  const files = readdirSync(sources)
    .filter((name) => name.startsWith(prefix) && name.endsWith('.ts'))
    .sort()
    .map((name) => path.join(sources, name));
  const hash = createHash('sha256').update(flags.join(' '));
  // Files import each other: any change counts.
  for (const name of readdirSync(sources).sort())
    hash.update(name).update(readFileSync(path.join(sources, name)));
  const digest = hash.digest('hex');
  const stamp = `${target}.sha256`;
  if (existsSync(target) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return false;

  const { default: asc } = await import('assemblyscript/asc');
  mkdirSync(path.dirname(target), { recursive: true });
  const temporary = `${target}.${process.pid}`;
  const { error, stderr } = await asc.main([...files, ...flags, '-o', temporary]);
  if (error) throw new Error(`the kernels do not compile: ${error.message}\n${stderr.toString()}`);
  renameSync(temporary, target);
  writeFileSync(stamp, digest);
  return true;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const built = await buildKernels();
  console.log(built ? 'compiled the kernels' : 'kernels are up to date');
}
