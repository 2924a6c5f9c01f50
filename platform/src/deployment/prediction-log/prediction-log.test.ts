import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../kernel/clock.ts';
import { createIdSource } from '../../kernel/ids.ts';
import { builtModule } from '../../kernel/module-path.ts';
import { PredictionLog } from './prediction-log.ts';
import type { PredictionRecord } from './record.ts';

const folder = mkdtempSync(join(tmpdir(), 'slipway-log-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const nextId = createIdSource(systemClock);

function record(rows: number, mark: number): PredictionRecord {
  return {
    revision: 1,
    modelDigest: 'd',
    ids: Array.from({ length: rows }, nextId),
    columns: [Float64Array.from({ length: rows }, () => mark), Array.from({ length: rows }, () => 'é')],
    outputs: new Float32Array(rows * 2).fill(0.5),
    outputsPerRow: 2,
  };
}

describe('the prediction log', () => {
  it('gives back what was appended, in order, by id, from a position, and newest first', async () => {
    const log = new PredictionLog(join(folder, 'plain'), { clock: systemClock });
    const records = [record(1, 1), record(3, Number.NaN), record(1, 3)];
    expect(await Promise.all(records.map((entry) => log.append(entry)))).toEqual([true, true, true]);
    const first = log.read(undefined, 2);
    expect(first.records).toEqual(records.slice(0, 2));
    expect(log.read(first.next, 100).records).toEqual(records.slice(2));
    expect(log.read(log.read(first.next, 100).next, 100).records).toEqual([]);
    expect(log.find(records[1]!.ids[2]!)).toEqual({ record: records[1], row: 2 });
    expect(log.find(nextId())).toBeUndefined();
    expect(log.newest(2)).toEqual(records.slice(1));
    await log.close();
  });

  it('goes on after a restart, in segments that stay below their size, within its retention', async () => {
    const place = join(folder, 'segments');
    const options = { clock: systemClock, segmentBytesMax: 600, retentionBytesMax: 2000 };
    const ids: string[] = [];
    for (let restart = 0; restart < 6; restart++) {
      const log = new PredictionLog(place, options);
      for (let i = 0; i < 6; i++) {
        const entry = record(1, i);
        ids.push(entry.ids[0]!);
        await log.append(entry);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      await log.close();
    }
    expect(readdirSync(place).length).toBeGreaterThan(1);
    const log = new PredictionLog(place, options);
    expect(log.find(ids.at(-1)!)).toBeDefined();
    // The oldest went; what is left is the newest, without a gap.
    const left = log.read(undefined, 1000).records.map((entry) => entry.ids[0]);
    expect(left).toEqual(ids.slice(-left.length));
    await log.close();
  });

  it('cuts a torn tail and keeps everything before it', async () => {
    const place = join(folder, 'torn');
    const log = new PredictionLog(place, { clock: systemClock });
    const entry = record(2, 5);
    await log.append(entry);
    await log.close();
    const file = join(place, readdirSync(place)[0]!);
    appendFileSync(file, Buffer.from([90, 0, 0, 0, 1, 2, 3, 4, 5]));
    const again = new PredictionLog(place, { clock: systemClock });
    const next = record(1, 6);
    await again.append(next);
    expect(again.read(undefined, 100).records).toEqual([entry, next]);
    await again.close();
  });

  it('loses no acknowledged record to kill -9', async () => {
    const place = join(folder, 'killed');
    const script = join(folder, 'writer.mjs');
    const module = builtModule(import.meta.url, './prediction-log.js').href;
    const kernel = builtModule(import.meta.url, '../../kernel/ids.js').href;
    writeFileSync(
      script,
      `import { PredictionLog } from ${JSON.stringify(module)};
       import { createIdSource } from ${JSON.stringify(kernel)};
       const clock = { now: () => Date.now(), elapsed: () => performance.now() };
       const id = createIdSource(clock);
       const log = new PredictionLog(process.argv[2], { clock });
       const one = async () => {
         for (;;) {
           const ids = [id()];
           await log.append({ revision: 1, modelDigest: 'd', ids, columns: [Float64Array.of(1)], outputs: Float32Array.of(1), outputsPerRow: 1 });
           process.stdout.write(ids[0] + '\\n');
         }
       };
       for (let i = 0; i < 8; i++) one();`,
    );
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, [script, place], { stdio: ['ignore', 'pipe', 'inherit'] });
      let told = '';
      child.stdout.on('data', (chunk) => {
        told += chunk;
        if (told.length > 20_000) child.kill('SIGKILL');
      });
      await new Promise((resolve) => child.on('close', resolve));
      const acknowledged = told.split('\n').filter((line) => line.length === 32);
      expect(acknowledged.length).toBeGreaterThan(100);
      const log = new PredictionLog(place, { clock: systemClock });
      const logged = new Set(log.read(undefined, 10_000_000).records.flatMap((entry) => entry.ids));
      expect(acknowledged.filter((id) => !logged.has(id))).toEqual([]);
      await log.close();
    }
  });

  it('goes on when the disk is full, and counts the gap', async () => {
    const place = join(folder, 'full');
    mkdirSync(place);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', place], {
      stdio: 'ignore',
    });
    if (mounted.status !== 0) {
      console.log('full disk: not tried, mounting a small file system is not allowed here');
      return;
    }
    try {
      const gaps: number[] = [];
      const log = new PredictionLog(place, { clock: systemClock, onGap: (rows) => gaps.push(rows) });
      const outcomes: boolean[] = [];
      for (let i = 0; i < 400; i++) outcomes.push(await log.append(record(5, i)));
      expect(outcomes[0]).toBe(true);
      expect(outcomes.at(-1)).toBe(false);
      expect(log.gapRows).toBe(5 * outcomes.filter((logged) => !logged).length);
      expect(gaps.length).toBeGreaterThan(0);
      const whole = log.read(undefined, 1_000_000).records;
      expect(whole).toHaveLength(outcomes.filter(Boolean).length);
      await log.close();
    } finally {
      spawnSync('umount', [place]);
    }
  });
});
