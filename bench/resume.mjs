// Kills the server of a launch with SIGKILL at random moments, gives the same command again, and counts violations: a second version,
// snapshot, revision or report, a step completed twice, a run that is not completed.
//
//   node bench/resume.mjs --kills 50
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { options, ROOT, report } from './harness.mjs';

const settings = options({ kills: 50, seed: 1 });
let state = settings.seed >>> 0;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 4294967296;
};
const rows = ['a,b,colour,answer'];
for (let i = 0; i < 600; i++) {
  const [a, b] = [random() * 10, random() * 10];
  rows.push(
    `${a.toFixed(3)},${b.toFixed(3)},${random() < 0.5 ? 'red' : 'blue'},${a + b + random() * 4 > 12 ? 'yes' : 'no'}`,
  );
}
const violations = [];
const killedAt = [];
for (let kill = 0; kill < settings.kills; kill++) await once(kill);
report('resume', {
  kills: settings.kills,
  killedDuring: tally(killedAt),
  violations: violations.length,
  details: violations,
  target: '0 violations',
});
process.exitCode = violations.length === 0 ? 0 : 1;

async function once(kill) {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-resume-'));
  const home = join(folder, 'home');
  writeFileSync(join(folder, 'rows.csv'), `${rows.join('\n')}\n`);
  const args = [
    'launch',
    'rows.csv',
    '--target',
    'answer',
    '--budget',
    '1s',
    '--position',
    '3',
    '--json',
    '--exit',
    '--home',
    home,
  ];
  const first = run(args, folder);
  const delay = random() * 3000;
  await sleep(delay);
  const server = serverOf(home);
  if (server !== undefined) {
    try {
      process.kill(server.pid, 'SIGKILL');
    } catch {
      // It had ended by itself: the launch was over before the kill.
    }
  }
  const told = await first;
  killedAt.push(lastStep(told));
  const again = await run(args, folder);
  if (lastLine(again)?.ok !== true)
    violations.push({
      kill,
      delay,
      what: 'the second launch did not end well',
      result: lastLine(again)?.error,
    });
  else violations.push(...(await look(home, folder)).map((what) => ({ kill, delay, what })));
  rmSync(folder, { recursive: true, force: true });
}

async function look(home, folder) {
  const up = spawn(process.execPath, [join(ROOT, 'bin/slipway.js'), 'up', '--port', '0', '--home', home], {
    cwd: folder,
    stdio: 'ignore',
  });
  try {
    const url = await listening(home, up.pid);
    const get = async (path) => (await fetch(`${url}/api/v1/${path}`)).json();
    const found = [];
    const runs = (await get('runs')).items;
    if (runs.length !== 1 || runs[0].status !== 'completed')
      found.push(`runs: ${runs.map((entry) => entry.status)}`);
    const { steps } = await get(`runs/${runs[0].id}`);
    for (const step of steps) {
      const completed = step.attempts.filter((attempt) => attempt.status === 'completed').length;
      if (completed !== 1) found.push(`${step.name} completed ${completed} times`);
    }
    const counts = {
      versions: (await get('models/rows')).versions.length,
      snapshots: (await get('datasets/rows')).versions.length,
      revisions: (await get('deployments/rows')).revisions.length,
      reports: (await get('validations')).items.length,
    };
    for (const [name, count] of Object.entries(counts)) if (count !== 1) found.push(`${count} ${name}`);
    return found;
  } finally {
    up.kill('SIGKILL');
    await new Promise((resolve) => up.once('close', resolve));
  }
}

async function listening(home, pid) {
  for (let tries = 0; tries < 200; tries++) {
    const server = serverOf(home);
    if (
      server?.pid === pid &&
      (await fetch(`${server.url}/health`).then(
        (reply) => reply.ok,
        () => false,
      ))
    )
      return server.url;
    await sleep(50);
  }
  throw new Error('the server did not start');
}

function serverOf(home) {
  const path = join(home, 'server.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

function run(args, cwd) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(ROOT, 'bin/slipway.js'), ...args], {
      cwd,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    child.on('close', () => resolve(text));
  });
}

function lastLine(text) {
  return JSON.parse(text.trim().split('\n').at(-1) || 'null');
}

function lastStep(text) {
  const steps = text.split('\n').filter((line) => line.includes('"type":"step"'));
  return steps.length === 0 ? 'before the first step' : JSON.parse(steps.at(-1)).step;
}

function tally(values) {
  const counts = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
