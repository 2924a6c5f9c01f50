import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LineageEvent } from '../../platform/src/app/lineage-events.ts';
import { BIN, freePort, Workplace } from '../slipway-process.ts';

/** A receiver as OpenLineage describes it, which is away for a while. */
describe('OpenLineage events', () => {
  const place = new Workplace();
  const received: LineageEvent[] = [];
  const authorizations = new Set<string | undefined>();
  let receiver: Server;
  let answer = 503;
  let url = '';
  let stop = () => {};

  beforeAll(async () => {
    receiver = createServer((request, reply) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        authorizations.add(request.headers.authorization);
        if (answer === 201 && request.url === '/api/v1/lineage')
          received.push(JSON.parse(body) as LineageEvent);
        reply.writeHead(answer).end();
      });
    });
    const [port, target] = [await freePort(), await freePort()];
    await new Promise<void>((resolve) => receiver.listen(target, '127.0.0.1', resolve));
    const child = spawn(
      process.execPath,
      [BIN, 'up', '--json', '--port', String(port), '--home', place.home],
      {
        cwd: place.folder,
        env: {
          PATH: process.env['PATH'],
          SLIPWAY_OPENLINEAGE_URL: `http://127.0.0.1:${target}`,
          SLIPWAY_OPENLINEAGE_KEY: 'a-key',
        },
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    stop = () => child.kill('SIGKILL');
    await new Promise((resolve) => child.stdout.once('data', resolve));
    url = `http://127.0.0.1:${port}`;
  });
  afterAll(() => {
    stop();
    receiver.close();
    place.close();
  });

  const until = async (done: () => boolean) => {
    for (let tries = 0; tries < 200 && !done(); tries++)
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect(done()).toBe(true);
  };

  it('tell of loads, failures and pushes, in order, also those of when nobody listened', async () => {
    const file = join(place.folder, 'birds.csv');
    writeFileSync(file, 'id,kind\n1,owl\n2,kite\n');
    expect((await place.run(['data', 'add', 'birds', file])).code).toBe(0);
    expect((await place.run(['data', 'add', 'birds', join(place.folder, 'none.csv')])).code).toBe(3);
    writeFileSync(file, 'id,kind\n');
    expect((await place.run(['data', 'add', 'empty', file])).code).toBe(2);
    await fetch(`${url}/api/v1/datasets/birds/rows`, { method: 'POST', body: '{"id":3,"kind":"wren"}' });
    await fetch(`${url}/api/v1/datasets/birds/flush`, { method: 'POST' });
    expect(received).toEqual([]);
    answer = 201;
    await until(() => received.length >= 6);
    expect(received.map(({ eventType, job }) => [eventType, job.name])).toEqual([
      ['START', 'load.birds'],
      ['COMPLETE', 'load.birds'],
      ['START', 'load.empty'],
      ['FAIL', 'load.empty'],
      ['START', 'push.birds'],
      ['COMPLETE', 'push.birds'],
    ]);
    const [start, complete, , failed, , pushed] = received;
    expect(start!.run.runId).toBe(complete!.run.runId);
    expect(start!.run.runId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    expect(complete!.inputs[0]!.name).toContain('birds.csv');
    expect(complete!.outputs).toMatchObject([
      {
        namespace: 'slipway',
        name: 'birds',
        facets: {
          schema: {
            fields: [
              { name: 'id', type: 'integer' },
              { name: 'kind', type: 'string' },
            ],
          },
          version: { datasetVersion: '1' },
        },
        outputFacets: { outputStatistics: { rowCount: 2, fileCount: 1 } },
      },
    ]);
    expect(failed!.run.facets).toMatchObject({
      errorMessage: { message: expect.stringContaining('no rows') },
    });
    expect(pushed!.outputs).toMatchObject([{ facets: { version: { datasetVersion: '2' } } }]);
    expect([...authorizations]).toEqual(['Bearer a-key']);
    for (const { eventTime, producer, schemaURL } of received) {
      expect(new Date(eventTime).toISOString()).toBe(eventTime);
      for (const uri of [producer, schemaURL]) expect(() => new URL(uri)).not.toThrow();
    }
  }, 60_000);
});
