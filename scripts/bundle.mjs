// Joins the program's modules into few files, because starting a process that reads 600 small ones takes most of a second.
//
// Every entry keeps its place in platform/dist: it becomes one line that loads its bundle. Packages with native code, and those that
// are loaded late or are one file already, stay outside.
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { rolldown } from 'rolldown';

/** What processes and worker threads start with. */
const ENTRIES = [
  'cli/main',
  'server/main',
  'app/child',
  'adapters/runtime-onnx/model-worker',
  'selection/fit-worker',
];
/** Inlined: pure JavaScript in many files. All other packages stay where they are. */
const INLINED = /^(@sinclair\/typebox|kysely|commander)(\/|$)/;

export async function bundle(dist) {
  const folder = join(dist, 'bundle');
  rmSync(folder, { recursive: true, force: true });
  const build = await rolldown({
    input: Object.fromEntries(ENTRIES.map((entry) => [entry, join(dist, `${entry}.js`)])),
    platform: 'node',
    external: (id) =>
      !id.startsWith('.') && !id.startsWith('/') && !/^[A-Za-z]:/.test(id) && !INLINED.test(id),
    plugins: [ownPlace(folder)],
  });
  await build.write({
    dir: folder,
    format: 'esm',
    entryFileNames: ({ name }) => `${name.replaceAll('/', '-')}.js`,
    chunkFileNames: '[name]-[hash].js',
  });
  await build.close();
  for (const entry of ENTRIES) {
    const path = join(dist, `${entry}.js`);
    const target = relative(dirname(path), join(folder, `${entry.replaceAll('/', '-')}.js`));
    writeFileSync(path, `export * from '${target.replaceAll('\\', '/')}';\n`);
  }
}

/** A module asks for files beside itself by `import.meta.url`: inside a bundle it still gets the place it was written for. */
function ownPlace(folder) {
  return {
    name: 'own-place',
    transform(code, id) {
      if (!code.includes('import.meta.url') || id.includes('node_modules')) return null;
      const place = relative(folder, id).replaceAll('\\', '/');
      return { code: code.replaceAll('import.meta.url', `new URL('${place}', import.meta.url).href`) };
    },
  };
}
