// What every benchmark shares: arguments, the machine, medians, and where results go.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** `--name value` and `--flag` from the command line. */
export function options(defaults) {
  const values = { ...defaults };
  for (let i = 2; i < process.argv.length; i++) {
    const name = process.argv[i].replace(/^--/, '');
    const next = process.argv[i + 1];
    if (next === undefined || next.startsWith('--')) values[name] = true;
    else {
      values[name] = typeof defaults[name] === 'number' ? Number(next) : next;
      i++;
    }
  }
  return values;
}

export function machine() {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
    node: process.version,
  };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median with the least and the greatest: on shared machines the spread is part of the result. */
export function summary(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), runs: values.length };
}

/** A Python that can import `modules`, from SLIPWAY_BENCH_PYTHON or PATH; undefined when there is none. */
export function findPython(modules) {
  for (const python of [process.env.SLIPWAY_BENCH_PYTHON, 'python3'].filter(Boolean)) {
    try {
      execFileSync(python, ['-c', modules.map((name) => `import ${name}`).join(';')], { stdio: 'ignore' });
      return python;
    } catch {
      // Not this one: the next, or none, which the caller reports.
    }
  }
  return undefined;
}

/** Writes bench/results/<name>.json and prints it. */
export function report(name, result) {
  const folder = join(ROOT, 'bench/results');
  mkdirSync(folder, { recursive: true });
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const whole = {
    bench: name,
    slipway: version,
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    ...result,
  };
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(whole, null, 2)}\n`);
  console.log(JSON.stringify(whole, null, 2));
}
