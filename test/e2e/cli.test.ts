import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN, type Finished, freePort, Workplace } from '../slipway-process.ts';

const ROWS = `${[
  'x,z,y',
  ...Array.from({ length: 600 }, (_, i) => {
    const [x, z] = [(i * 7919) % 101, (i * 104_729) % 89];
    return `${x},${z},${x + z + ((i * 31_337) % 97) > 140 ? 'yes' : 'no'}`;
  }),
].join('\n')}\n`;

const resultOf = (finished: Finished) => {
  const results = finished.lines.filter((line) => line['type'] === 'result');
  expect(results, finished.stderr).toHaveLength(1);
  expect(finished.lines.at(-1)).toBe(results[0]);
  return results[0] as { ok: boolean; error?: { code: string; message: string; fix?: string } };
};

describe('launch --json ends with exactly one result and its exit code', () => {
  const place = new Workplace();
  afterAll(() => place.close());
  const file = join(place.folder, 'rows.csv');
  writeFileSync(file, ROWS);
  writeFileSync(join(place.folder, 'empty.csv'), '');
  writeFileSync(join(place.folder, 'one-value.csv'), `x,y\n${'1,same\n'.repeat(50)}`);

  it.each([
    [
      'a file that is not there, naming the nearest',
      ['rwos.csv', '--target', 'y'],
      3,
      'LAUNCH_SOURCE_NOT_FOUND',
      "'rows.csv'",
    ],
    ['a folder', ['.', '--target', 'y'], 2, 'LAUNCH_SOURCE_UNREADABLE', 'Name a file'],
    ['a type that is none', ['rows.csv', '--target', 'y', '--types', 'x=text'], 2, 'USAGE', 'Types are'],
    [
      'a policy that is not JSON',
      ['rows.csv', '--target', 'y', '--policy', 'rows.csv'],
      2,
      'USAGE',
      'require',
    ],
    ['an option that is none', ['rows.csv', '--target', 'y', '--budgett', '3s'], 2, 'USAGE', '--budget'],
  ])('%s: before any server is started', async (_name, args, exit, code, fix) => {
    const finished = await place.run(['launch', ...args, '--json']);
    expect(finished.code).toBe(exit);
    expect(resultOf(finished)).toMatchObject({
      ok: false,
      error: { code, fix: expect.stringContaining(fix) },
    });
    expect(existsSync(place.home)).toBe(false);
  });

  it.each([
    ['a column that is not there', ['rows.csv', '--target', 'yy'], 3],
    ['an empty file', ['empty.csv', '--target', 'y'], 2],
    ['a target with one value', ['one-value.csv', '--target', 'y'], 2],
  ])('%s', async (_name, args, exit) => {
    const finished = await place.run(['launch', ...args, '--json', '--budget', '2s', '--exit']);
    expect(finished.code, finished.stdout).toBe(exit);
    const { ok, error } = resultOf(finished);
    expect(ok).toBe(false);
    expect(error!.code).toMatch(/^[A-Z_]+$/);
    expect(error!.code).not.toBe('INTERNAL');
    expect(error!.fix).toBeTruthy();
  });

  it('a server that is killed while it runs', async () => {
    const running = place.run(['launch', 'rows.csv', '--target', 'y', '--json', '--port', '0', '--force']);
    await waitFor(() => place.server() !== undefined);
    await sleep(300);
    place.killServer();
    const finished = await running;
    expect(finished.code).toBe(1);
    expect(resultOf(finished)).toMatchObject({ ok: false, error: { code: 'SERVER_UNREACHABLE' } });
  }, 60_000);

  it('--exit leaves no server behind and needs no port', async () => {
    const finished = await place.run([
      'launch',
      'rows.csv',
      '--target',
      'y',
      '--json',
      '--exit',
      '--budget',
      '2s',
    ]);
    expect(finished.code, finished.stdout).toBe(0);
    expect(resultOf(finished).ok).toBe(true);
    expect(place.server()).toBeUndefined();
  }, 60_000);
});

describe('a home and a port have one owner', () => {
  const place = new Workplace();
  let squatter: Server;
  let taken = 0;
  beforeAll(async () => {
    squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    taken = (squatter.address() as { port: number }).port;
  });
  afterAll(() => {
    squatter.close();
    place.close();
  });

  it('a taken port is exit 5, and a free one is named', async () => {
    const finished = await place.run(['up', '--port', String(taken)]);
    expect(finished.code).toBe(5);
    expect(finished.stderr).toMatch(/PORT_TAKEN[\s\S]*Port \d+ is free/);
    expect(place.server()).toBeUndefined();
  });

  it('the same error reaches a command that starts a server by itself', async () => {
    writeFileSync(join(place.folder, 'rows.csv'), ROWS);
    const finished = await place.run([
      'launch',
      'rows.csv',
      '--target',
      'y',
      '--json',
      '--port',
      String(taken),
    ]);
    expect(finished.code).toBe(5);
    expect(resultOf(finished)).toMatchObject({ ok: false, error: { code: 'PORT_TAKEN' } });
  });

  it('a home that cannot be written is exit 4', async () => {
    writeFileSync(join(place.folder, 'file'), '');
    const finished = await place.run(['up', '--home', join(place.folder, 'file/home')], { home: false });
    expect(finished.code).toBe(4);
    expect(finished.stderr).toContain('HOME_NOT_WRITABLE');
  });

  it('a second server of one home is exit 5; stop ends the first; kill -9 frees the home', async () => {
    const up = async () => {
      const port = await freePort();
      const child = spawn(process.execPath, [BIN, 'up', '--home', place.home, '--port', String(port)], {
        stdio: 'ignore',
      });
      await waitFor(() => place.server()?.pid === child.pid);
      return child;
    };
    const first = await up();
    const second = await place.run(['up', '--port', '0']);
    expect(second.code).toBe(5);
    expect(second.stderr).toContain('HOME_IN_USE');
    expect((await place.run(['stop'])).code).toBe(0);
    await waitFor(() => first.exitCode !== null);
    expect(first.exitCode).toBe(0);
    const killed = await up();
    killed.kill('SIGKILL');
    await waitFor(() => killed.signalCode !== null);
    const after = await up();
    expect(place.server()).toMatchObject({ pid: after.pid });
    expect((await place.run(['stop', '--json'])).lines).toEqual([{ stopped: true, pid: after.pid }]);
  }, 60_000);
});

describe('commands of one home', () => {
  const place = new Workplace();
  afterAll(() => place.close());

  it('refuse to make a home only to list nothing', async () => {
    const finished = await place.run(['models', 'ls']);
    expect(finished.code).toBe(3);
    expect(finished.stderr).toContain('there is no Slipway in');
    expect(existsSync(place.home)).toBe(false);
  });

  it('say when a server named by --url does not answer', async () => {
    const finished = await place.run(['models', 'ls', '--url', `http://127.0.0.1:${await freePort()}`]);
    expect(finished.code).toBe(1);
    expect(finished.stderr).toContain('SERVER_UNREACHABLE');
  });

  it('list, show, roll back and remove what a launch through --url left', async () => {
    writeFileSync(join(place.folder, 'rows.csv'), ROWS);
    const port = await freePort();
    const server = spawn(process.execPath, [BIN, 'up', '--home', place.home, '--port', String(port)], {
      stdio: 'ignore',
    });
    await waitFor(() => place.server()?.pid === server.pid);
    const url = `http://127.0.0.1:${port}`;
    const at = (...words: string[]) => place.run([...words, '--url', url], { home: false });
    const launched = await at('launch', 'rows.csv', '--target', 'y', '--budget', '2s');
    expect(launched.code, launched.stderr).toBe(0);
    // The printed command works as it stands.
    const curl = launched.stdout.trim().split('\n').at(-1)!;
    expect(curl).toMatch(/^curl -s http/);
    const body = /-d '(.*)'$/.exec(curl)![1]!.replaceAll(`'\\''`, "'");
    const reply = await fetch(`${url}/models/rows/invocations`, { method: 'POST', body });
    expect(((await reply.json()) as { predictions: unknown[] }).predictions).toHaveLength(1);

    for (const noun of ['models', 'data', 'select', 'pipelines', 'validate', 'deploy', 'monitor']) {
      const ls = await at(noun, 'ls');
      expect(ls.code, noun).toBe(0);
      const [header, first] = ls.stdout.split('\n');
      expect(first!.split('\t'), noun).toHaveLength(header!.split('\t').length);
      const json = JSON.parse((await at(noun, 'ls', '--json')).stdout) as {
        items: { name?: string; id?: string }[];
      };
      expect(json.items, noun).toHaveLength(1);
      const key = ['select', 'pipelines', 'validate'].includes(noun) ? json.items[0]!.id! : 'rows';
      const shown = await at(noun, 'show', key, '--json');
      expect(shown.code, noun).toBe(0);
      expect(JSON.parse(shown.stdout), noun).toBeTypeOf('object');
      expect((await at(noun, 'show', key)).stdout, noun).toContain('rows');
      expect((await at(noun, 'show', 'nothing-of-that-name')).code, noun).toBe(3);
    }
    expect((await at('rollback', 'rows')).code).toBe(5);
    expect((await at('data', 'rm', 'rows')).code).toBe(5);
    expect((await at('pipelines', 'logs', 'nothing')).code).toBe(3);
    const stopped = await place.run(['stop']);
    expect(stopped.code).toBe(0);
  }, 120_000);

  it('doctor says what works and what is not there, and never fails for Python', async () => {
    const finished = await place.run(['doctor', '--json']);
    const report = finished.lines[0] as { ok: boolean; checks: { check: string; status: string }[] };
    const status = Object.fromEntries(report.checks.map(({ check, status: word }) => [check, word]));
    expect(finished.code).toBe(0);
    expect(status).toMatchObject({ node: 'ok', duckdb: 'ok', onnxruntime: 'ok', libsql: 'ok', home: 'ok' });
    expect(['ok', 'absent']).toContain(status['Python']);
  });
});

describe('the package', () => {
  it('names the version it is', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    const place = new Workplace();
    expect((await place.run(['--version'], { home: false })).stdout.trim()).toBe(version);
    place.close();
  });
});

async function waitFor(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (condition()) return;
    await sleep(25);
  }
  throw new Error('it did not happen within 15 s');
}
