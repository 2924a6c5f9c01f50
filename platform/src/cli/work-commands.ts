import type { CommandRun, CommonOptions } from './command.ts';
import { connect } from './connect.ts';
import { usageError } from './failure.ts';
import { readWhole } from './launch-options.ts';

/** `slipway rollback <name>`. */
export const rollback: CommandRun = async ({ args, options, io }) => {
  const { to, json, ...common } = options as CommonOptions & { to?: string };
  const { client } = await connect(common);
  const started = performance.now();
  const revision = to === undefined ? undefined : readWhole('--to', to, 1);
  const deployment = await client.call('rollback', {
    params: { name: args[0]! },
    body: revision === undefined ? {} : { revision },
  });
  if (json) io.out(JSON.stringify(deployment));
  else {
    const took = (performance.now() - started).toFixed(0);
    io.out(
      `${deployment.name} serves ${deployment.model} v${deployment.version} again (revision ${deployment.revision}, ${took} ms)`,
    );
  }
  return 0;
};

/** `slipway pipelines cancel <run>`. */
export const cancel: CommandRun = async ({ args, options, io }) => {
  const { client } = await connect(options as CommonOptions);
  const run = await client.call('cancelRun', { params: { id: args[0]! } });
  if (options['json'] === true) io.out(JSON.stringify(run));
  else io.say(`run ${run.id} is ${run.status}; the same launch resumes it`);
  return 0;
};

/** `slipway pipelines logs <run>`: everything, page by page. */
export const logs: CommandRun = async ({ args, options, io }) => {
  const { step, json, ...common } = options as CommonOptions & { step?: string };
  const { client } = await connect(common);
  const params = { id: args[0]! };
  let after = 0;
  for (;;) {
    const query = { after, limit: 1000, ...(step === undefined ? {} : { step }) };
    const { items } = await client.call('getRunLogs', { params, query });
    for (const line of items) {
      const time = new Date(line.time).toISOString();
      io.out(json ? JSON.stringify(line) : `${time}\t${line.step}\t${line.level}\t${line.message}`);
    }
    const last = items.at(-1);
    if (last === undefined) return 0;
    after = last.sequence;
  }
};

/** `slipway feedback <prediction> <label>`. */
export const feedback: CommandRun = async ({ args, options, io }) => {
  const [predictionId, label] = args as [string, string];
  if (!/^[0-9a-f]{32}$/.test(predictionId)) {
    throw usageError(
      `'${predictionId}' is not the id of a prediction`,
      'Ids are 32 hex digits; every reply carries them.',
    );
  }
  const { client } = await connect(options as CommonOptions);
  const reply = await client.call('sendFeedback', { body: { items: [{ predictionId, label }] } });
  if (options['json'] === true) io.out(JSON.stringify(reply));
  else if (reply.unknown.length > 0) io.say(`no log of this server holds ${predictionId}`);
  else io.say('recorded');
  return reply.unknown.length > 0 ? 3 : 0;
};
