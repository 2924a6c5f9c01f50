// `npm test`: builds, checks format and lint, then runs every test that can run here and says what could not.
//
//   node scripts/test.mjs [vitest arguments]   e.g. a file, or -t "a name"
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { startPostgres } from './test-postgres.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (...path) => join(ROOT, 'node_modules', ...path);

const built = await build();
const linted = built && lint();
const postgres = await startPostgres(ROOT);
const chromium = findChromium();
const python = findPython();
const mysql = await findMysql();
console.log(`Postgres  ${postgres.note}`);
console.log(`Chromium  ${chromium ?? 'absent: tests of pages are skipped'}`);
console.log(`MySQL     ${mysql ?? 'absent: it is not tested as a source'}`);
console.log(`Python    ${python ?? 'absent: comparisons with Python libraries are skipped'}`);

const results = await vitest();
await postgres.stop();
const passed = results.passed + (built ? 1 : 0) + (linted ? 1 : 0);
const failed = results.failed + (built ? 0 : 1) + (linted ? 0 : 1);
if (results.skipped > 0) console.log(`${results.skipped} skipped`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function lint() {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [bin('@biomejs/biome/bin/biome'), 'check', '.'],
    {
      cwd: ROOT,
      encoding: 'utf8',
    },
  );
  console.log(status === 0 ? 'lint      ok' : `lint      failed\n${stdout}${stderr}`);
  return status === 0;
}

/** Counts come from vitest's own report; a run without one is one failure. */
async function vitest() {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-results-'));
  const file = join(folder, 'results.json');
  const args = [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
    ...process.argv.slice(2),
  ];
  const env = { ...process.env, NO_COLOR: '1' };
  if (postgres.url !== undefined) env.SLIPWAY_TEST_DATABASE_URL = postgres.url;
  if (chromium !== undefined) env.SLIPWAY_TEST_CHROMIUM = chromium;
  if (mysql !== undefined) env.SLIPWAY_TEST_MYSQL_URL = mysql;
  if (python !== undefined) env.SLIPWAY_TEST_PYTHON = python;
  const child = spawn(process.execPath, [bin('vitest/vitest.mjs'), ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    env,
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    // A file that does not even load has no tests to count, and is a failure all the same.
    const broken = report.testResults.filter(
      (suite) =>
        suite.status === 'failed' && suite.assertionResults.every((test) => test.status !== 'failed'),
    ).length;
    const failed = report.numFailedTests + broken;
    return {
      passed: report.numPassedTests,
      failed: failed === 0 && code !== 0 ? 1 : failed,
      skipped: report.numPendingTests + report.numTodoTests,
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function findChromium() {
  const candidates = [
    process.env.SLIPWAY_TEST_CHROMIUM,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  ];
  return candidates.find((path) => path && existsSync(path));
}

/** A Python with scikit-learn; the interpreter alone is of no use to any test. */
function findPython() {
  const candidates = [process.env.SLIPWAY_TEST_PYTHON, join(ROOT, '.venv/bin/python'), 'python3', 'python'];
  return candidates
    .filter(Boolean)
    .find((python) => spawnSync(python, ['-c', 'import sklearn'], { stdio: 'ignore' }).status === 0);
}

/** A server that lets root in without a password, as a fresh MariaDB for tests does; or the one SLIPWAY_TEST_MYSQL_URL names. */
async function findMysql() {
  if (process.env.SLIPWAY_TEST_MYSQL_URL) return process.env.SLIPWAY_TEST_MYSQL_URL;
  try {
    const { createConnection } = await import('mysql2/promise');
    const connection = await createConnection({ host: '127.0.0.1', user: 'root', connectTimeout: 2000 });
    await connection.end();
    return 'mysql://root@127.0.0.1:3306/test';
  } catch {
    return undefined;
  }
}
