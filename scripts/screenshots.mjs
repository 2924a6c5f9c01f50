// Takes the pictures of the README from a real run: launch, traffic that drifts, late labels, then every page in Chromium.
//
//   npm run screenshots [-- --all]   needs Chromium (SLIPWAY_TEST_CHROMIUM, or where it usually is)
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { build } from './build.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SLIPWAY = join(ROOT, 'bin/slipway.js');
const IMAGES = join(ROOT, 'docs/images');
const EXAMPLE = join(ROOT, 'node_modules/vega-datasets/data/birdstrikes.csv');
/** Pictures that the README and the docs show; `--all` takes every page in both schemes. */
const SHOWN = {
  home: 'light',
  dataset: 'light',
  study: 'light',
  report: 'dark',
  deployment: 'dark',
  monitor: 'dark',
};
const SIZE = { width: 1440, height: 900 };

const all = process.argv.includes('--all');
if (!(await build())) process.exit(1);
const executablePath = [
  process.env.SLIPWAY_TEST_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find((path) => path && existsSync(path));
if (executablePath === undefined) {
  console.error('Chromium is not here: install it, or name it in SLIPWAY_TEST_CHROMIUM');
  process.exit(1);
}

const home = mkdtempSync(join(tmpdir(), 'slipway-pictures-'));
const server = spawn(process.execPath, [SLIPWAY, 'up', '--json', '--port', '0', '--home', home], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const { url } = JSON.parse(await firstLine(server.stdout));
  const result = await launch(url);
  await traffic(url);
  await pictures(url, result);
} finally {
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  await ended;
  rmSync(home, { recursive: true, force: true });
}

async function launch(url) {
  const excluded = ['Cost Other', 'Cost Repair', 'Cost Total $'].flatMap((column) => ['--exclude', column]);
  const args = [
    'launch',
    EXAMPLE,
    '--target',
    'Effect Amount of damage',
    ...excluded,
    '--name',
    'birdstrikes',
  ];
  const child = spawn(process.execPath, [SLIPWAY, ...args, '--budget', '20s', '--json', '--home', home], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  await new Promise((resolve) => child.once('close', resolve));
  const result = JSON.parse(text.trim().split('\n').at(-1));
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  console.log(`launched ${result.model.name} v${result.model.version} at ${url}`);
  return result;
}

/** Rows of the example as live traffic; in the later part birds come at night and planes fly faster, so that drift is seen. */
async function traffic(url) {
  const { signature } = await getJson(`${url}/api/v1/models/birdstrikes/versions/1`);
  const [header, ...lines] = readFileSync(EXAMPLE, 'utf8').trimEnd().split(/\r?\n/);
  const columns = header.split(',');
  const wanted = signature.inputs.map((input) => input.name);
  const rows = lines
    // Quoted fields would need a reader of CSV; there are plenty of lines without.
    .filter((line) => !line.includes('"'))
    // Evenly from all years: the file is in the order of time.
    .filter((_, i) => i % 4 === 0)
    .slice(0, 2400)
    .map((line) =>
      Object.fromEntries(line.split(',').map((value, i) => [columns[i], value === '' ? null : value])),
    );
  const items = [];
  for (let start = 0; start < rows.length; start += 40) {
    const records = rows.slice(start, start + 40).map((row) => {
      const record = Object.fromEntries(wanted.map((name) => [name, row[name] ?? null]));
      if (start < 1200) return record;
      const speed = record['Speed IAS in knots'];
      return {
        ...record,
        'Time of day': 'Night',
        'Speed IAS in knots': speed === null ? null : Number(speed) + 60,
      };
    });
    const reply = await fetch(`${url}/models/birdstrikes/invocations`, {
      method: 'POST',
      body: JSON.stringify({ dataframe_records: records }),
    });
    const { prediction_ids: ids } = await reply.json();
    for (const [i, predictionId] of ids.entries()) {
      items.push({ predictionId, label: rows[start + i]['Effect Amount of damage'] });
    }
  }
  await fetch(`${url}/api/v1/feedback`, { method: 'POST', body: JSON.stringify({ items }) });
  // The monitor reads the log when asked: the first picture must show what it found.
  await getJson(`${url}/api/v1/monitors/birdstrikes`);
}

async function pictures(url, { links }) {
  mkdirSync(IMAGES, { recursive: true });
  const path = (link) => new URL(link).pathname;
  const pages = {
    home: '/',
    dataset: path(links.dataset),
    study: path(links.study),
    run: path(links.run),
    report: path(links.report),
    model: path(links.model),
    deployment: path(links.deployment),
    monitor: path(links.monitor),
  };
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    for (const scheme of ['light', 'dark']) {
      const context = await browser.newContext({ viewport: SIZE, colorScheme: scheme });
      const page = await context.newPage();
      page.on('pageerror', (error) => {
        console.error(`error in the page: ${error.message}`);
        process.exitCode = 1;
      });
      for (const [name, at] of Object.entries(pages)) {
        if (!all && SHOWN[name] !== scheme) continue;
        await page.goto(`${url}${at}`, { waitUntil: 'load' });
        await page.waitForLoadState('networkidle', { timeout: 5000 }).catch(() => {});
        await page.waitForTimeout(400);
        await page.screenshot({ path: join(IMAGES, `${name}-${scheme}.png`) });
        console.log(`docs/images/${name}-${scheme}.png`);
      }
      await context.close();
    }
  } finally {
    await browser.close();
  }
}

async function getJson(address) {
  const reply = await fetch(address);
  if (!reply.ok) throw new Error(`${address} answered ${reply.status}`);
  return reply.json();
}

function firstLine(stream) {
  return new Promise((resolve, reject) => {
    let text = '';
    stream.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) resolve(text.split('\n')[0]);
    });
    stream.once('end', () => reject(new Error('the server ended before it was ready')));
  });
}
