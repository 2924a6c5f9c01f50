import type { LaunchResult } from '../contracts/launch.ts';
import { systemClock } from '../kernel/clock.ts';
import type { ExitCode } from '../kernel/errors.ts';
import type { CommandInput, CommandRun } from './command.ts';
import { type Connection, connect } from './connect.ts';
import { CommandError, failureLines, failureOf, usageError } from './failure.ts';
import { followLaunch } from './launch-follow.ts';
import { type LaunchOptions, readLaunchOptions, readPort } from './launch-options.ts';
import { curlLine, linkLines, summaryLines } from './launch-summary.ts';
import { jsonView, type LaunchView, peopleView } from './launch-view.ts';
import { findFile, sourceFor } from './source.ts';

/** Process start, epoch ms: the launch's seconds count from it. */
const STARTED_AT = Math.round(performance.timeOrigin);

/** `slipway launch`: asks a server for the launch, shows it, and ends with its result, whatever happens. */
export const run: CommandRun = (input) => runUntil('launch', input);
/** `slipway select run`: the same until a model is found. */
export const study: CommandRun = (input) => runUntil('startStudy', input);

type Operation = 'launch' | 'startStudy';

async function runUntil(operation: Operation, { args, options, io }: CommandInput): Promise<ExitCode> {
  const launchOptions = options as LaunchOptions;
  const json = launchOptions.json === true;
  const view = json ? jsonView(io) : peopleView(io, systemClock);
  const state: LaunchState = { connection: undefined, partial: undefined, runId: undefined };
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    const job = { operation, file: args[0], options: launchOptions, io, view, state, interrupt };
    const result = await launch(job);
    view.close();
    const stops = launchOptions.exit === true && state.connection?.started !== undefined;
    return await show(result, { json, stops, io, connection: state.connection! });
  } catch (error) {
    view.close();
    const failure = failureOf(withAdvice(error, state, launchOptions));
    if (json) io.out(JSON.stringify(failedResult(failure.error, state)));
    else for (const line of failureLines(failure, io.paint)) io.say(line);
    return failure.exit;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    if (launchOptions.exit === true) await state.connection?.started?.stop();
  }
}

interface LaunchState {
  connection: Connection | undefined;
  partial: LaunchResult | undefined;
  runId: string | undefined;
}

async function launch(job: {
  operation: Operation;
  file: string | undefined;
  options: LaunchOptions;
  io: CommandInput['io'];
  view: LaunchView;
  state: LaunchState;
  interrupt: AbortController;
}): Promise<LaunchResult> {
  const { options, io, view, state, interrupt } = job;
  // Everything that can be wrong with the command itself is told before a server is started.
  const port = readPort(options.port);
  const file = job.file === undefined ? undefined : await findFile(job.file);
  if (file === undefined && options.data === undefined)
    throw usageError('no rows are named', 'Name a file, or a data set that is here: --data orders.');
  const request = await readLaunchOptions(options, STARTED_AT);
  const testFile = options.testFile === undefined ? undefined : await findFile(options.testFile);
  const exit = options.exit === true;
  const connection = await connect({
    home: options.home,
    url: options.url,
    start: {
      ...(options.host === undefined ? {} : { host: options.host }),
      ...(port === undefined ? (exit ? { port: 0 } : {}) : { port }),
      untilParentEnds: exit,
      anyPort: job.operation === 'startStudy',
    },
  });
  state.connection = connection;
  if (interrupt.signal.aborted) throw new CommandError({ code: 'CANCELLED', message: 'interrupted' }, 1);
  const upload = { client: connection.client, remote: connection.remote, io };
  const source = file === undefined ? undefined : await sourceFor(file, upload);
  const testSource = testFile === undefined ? undefined : await sourceFor(testFile, upload);
  const accepted = await connection.client.call(job.operation, {
    body: {
      ...request,
      ...(source === undefined ? {} : { source }),
      ...(testSource === undefined ? {} : { testSource }),
    },
  });
  state.runId = accepted.runId;
  if (!options.json) {
    const how = accepted.cached
      ? ' (done before: answered from the record)'
      : accepted.resumed
        ? ' (resumed)'
        : '';
    const what = job.operation === 'launch' ? 'launch' : 'study';
    io.say(io.paint('dim', `${what} ${accepted.name}${how}  ${connection.url}/pipelines/${accepted.runId}`));
  }
  return followLaunch(connection, {
    runId: accepted.runId,
    onLine: (line) => view.line(line),
    onPartial: (partial) => {
      state.partial = partial;
    },
    signal: interrupt.signal,
  });
}

async function show(
  result: LaunchResult,
  {
    json,
    stops,
    io,
    connection,
  }: { json: boolean; stops: boolean; io: CommandInput['io']; connection: Connection },
): Promise<ExitCode> {
  const { exit, ...told } = result;
  const code = (exit ?? (result.ok ? 0 : 1)) as ExitCode;
  if (json) {
    io.out(JSON.stringify(told));
    return code;
  }
  for (const line of ['', ...summaryLines(result, io)]) io.out(line);
  // Links into a server that is about to stop would be dead on arrival.
  if (!stops) for (const line of ['', ...linkLines(result.links, io)]) io.out(line);
  if (result.error !== undefined) {
    io.say('');
    for (const line of failureLines({ error: result.error, exit: code }, io.paint)) io.say(line);
  }
  const { model, links } = result;
  if (stops) io.say('\nThe server stops (--exit). `slipway up` serves the model again.');
  else if (result.ok && model !== undefined && links['invocations'] !== undefined) {
    const params = { name: model.name, version: model.version };
    const { signature } = await connection.client.call('getVersion', { params });
    io.out('');
    io.out(curlLine(links['invocations'], signature, connection.token !== undefined));
  }
  return code;
}

/** The single last line of `--json` when no server told it: what is known of the launch, and why it ended. */
function failedResult(
  error: NonNullable<LaunchResult['error']>,
  { partial, runId }: LaunchState,
): LaunchResult {
  const seconds = Math.round(Date.now() - STARTED_AT) / 1000;
  const { exit: _told, ...known } = partial ?? { links: {} };
  return { ...known, type: 'result', ok: false, error, ...(runId === undefined ? {} : { runId }), seconds };
}

/** An interrupted command says what becomes of the launch. */
function withAdvice(error: unknown, { connection, runId }: LaunchState, options: LaunchOptions): unknown {
  const { error: body, exit } = failureOf(error);
  if (body.code !== 'CANCELLED' || runId === undefined || connection === undefined) return error;
  const stops = options.exit === true && connection.started !== undefined;
  return new CommandError(
    {
      ...body,
      fix: stops
        ? 'The server stops with it. Run the same command again: finished steps are not redone.'
        : `The launch goes on in the server: see ${connection.url}/pipelines/${runId}, or end it with \`slipway pipelines cancel ${runId}\`.`,
    },
    exit,
  );
}
