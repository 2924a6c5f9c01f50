// The least a Node server with this model can be: node:http, one worker thread, no checks, no log, no batching.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const DAY_MS = 86_400_000;

if (isMainThread) {
  const [onnxPath, coercions, labels] = process.argv.slice(2);
  const worker = new Worker(fileURLToPath(import.meta.url), {
    workerData: { onnxPath, coercions: JSON.parse(coercions) },
  });
  const names = JSON.parse(labels);
  const waiting = new Map();
  let sequence = 0;
  worker.on('message', ({ id, outputs }) => {
    const reply = waiting.get(id);
    waiting.delete(id);
    const probabilities = Object.fromEntries(names.map((name, i) => [name, outputs[i]]));
    const label = names[outputs.indexOf(Math.max(...outputs))];
    reply.setHeader('content-type', 'application/json');
    reply.end(JSON.stringify({ predictions: [names.length === 0 ? outputs[0] : { label, probabilities }] }));
  });
  const server = createServer((request, reply) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const record = JSON.parse(Buffer.concat(chunks).toString('utf8')).dataframe_records[0];
      waiting.set(++sequence, reply);
      worker.postMessage({ id: sequence, record });
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
} else {
  const require = createRequire(new URL('../../platform/package.json', import.meta.url));
  const { InferenceSession, Tensor } = require('onnxruntime-node');
  const { onnxPath, coercions } = workerData;
  const session = await InferenceSession.create(readFileSync(onnxPath), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const output = session.outputNames[0];
  const parts = { year: 'getUTCFullYear', dayOfMonth: 'getUTCDate', dayOfWeek: 'getUTCDay' };
  const numberOf = (value, { part, origin }) => {
    if (value === null || value === undefined) return Number.NaN;
    if (part === 'value') return Number(value) - origin;
    const date = new Date(value);
    if (part === 'elapsedDays') return (date.getTime() - origin) / DAY_MS;
    if (part === 'month') return date.getUTCMonth() + 1;
    if (part === 'hour') return date.getUTCHours() + date.getUTCMinutes() / 60;
    return date[parts[part]]();
  };
  parentPort.on('message', async ({ id, record }) => {
    const feeds = {};
    for (const { column, emits } of coercions) {
      for (const emitted of emits) {
        feeds[emitted.name] =
          emitted.kind === 'categorical'
            ? new Tensor('string', [String(record[column] ?? '')], [1, 1])
            : new Tensor('float32', Float32Array.of(numberOf(record[column], emitted)), [1, 1]);
      }
    }
    const results = await session.run(feeds, [output]);
    parentPort.postMessage({ id, outputs: Array.from(results[output].data) });
  });
}
