import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { allErrorSpecs, type ErrorSpec } from '../platform/src/kernel/errors.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCE = join(ROOT, 'platform/src');

const sources = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .map((path) => ({ path, text: readFileSync(join(SOURCE, path), 'utf8') }));

const thrown = new Map<string, string>();
for (const { path, text } of sources) {
  for (const match of text.matchAll(/new SlipwayError\(\s*'([A-Z_]+)'/g)) thrown.set(match[1]!, path);
}

describe('errors', () => {
  let specs: ReadonlyMap<string, ErrorSpec>;
  beforeAll(async () => {
    // What the server loads before it answers: codes that are not known then would be told as INTERNAL.
    await import('../platform/src/app/wiring.ts');
    await import('../platform/src/server/start.ts');
    await import('../platform/src/server/spawn.ts');
    specs = allErrorSpecs();
  });

  it('are all known to the server, whoever throws them', () => {
    expect(thrown.size).toBeGreaterThan(30);
    const unknown = [...thrown]
      .filter(([code]) => !specs.has(code))
      .map(([code, path]) => `${code} (${path})`);
    expect(unknown).toEqual([]);
  });

  it('have an exit code that fits their status', () => {
    const odd = [...specs].filter(
      ([, { status, exit }]) =>
        (exit === 3 && status !== 404) || (exit === 4 && status < 400) || status < 400,
    );
    expect(odd.map(([code]) => code)).toEqual([]);
  });

  it('are listed in docs/errors.md as they are (mend it with node scripts/errors-page.mjs)', () => {
    const page = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');
    const listed = [...page.matchAll(/^\| `([A-Z_0-9]+)` \| (\d) \| (\d+) \| (.*?) \|/gm)].map(
      ([, code, exit, status, title]) => `${code} ${exit} ${status} ${title}`,
    );
    const known = [...specs].map(([code, { exit, status, title }]) => `${code} ${exit} ${status} ${title}`);
    expect(listed.sort()).toEqual(known.sort());
  });
});
