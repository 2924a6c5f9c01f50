import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pathOf, STUDY_MODEL_PATH } from '../contracts/routes.ts';
import type { LeaderboardRow, PlannedFamily, StudyPlan } from '../contracts/studies.ts';
import type { CommandRun, CommonOptions } from './command.ts';
import { connect } from './connect.ts';
import { getRaw } from './data-raw.ts';
import { usageError } from './failure.ts';
import { bytesText, countText, metricText, secondsText } from './format.ts';
import type { Io } from './io.ts';
import { followLaunch } from './launch-follow.ts';
import { readNames } from './launch-options.ts';
import { factLines, tableLines } from './table.ts';

interface PlanOptions extends CommonOptions {
  readonly target?: string;
  readonly task?: 'auto' | StudyPlan['task'];
  readonly exclude?: readonly string[];
}

/** `slipway select plan`. */
export const plan: CommandRun = async ({ args, options, io }) => {
  const { target, task, exclude, ...common } = options as PlanOptions;
  if (target === undefined)
    throw usageError('--target is missing', 'Name the column to predict: --target <column>.');
  const { client } = await connect(common);
  const body = {
    ...{ data: args[0]!, target },
    ...(task === undefined ? {} : { task }),
    ...(exclude === undefined ? {} : { exclude: readNames(exclude) }),
  };
  const planned = await client.call('planStudy', { body });
  if (common.json) io.out(JSON.stringify(planned));
  else for (const line of planLines(planned, io)) io.out(line);
  return 0;
};

function planLines(planned: StudyPlan, io: Io): string[] {
  const { features, machine } = planned;
  const facts = factLines(
    [
      ['data set', `${planned.dataset} v${planned.version}`],
      [
        'target',
        `${planned.target} (${planned.task}${planned.classes > 1 ? `, ${planned.classes} classes` : ''})`,
      ],
      ['rows', `${countText(planned.rows)} with a target, ${planned.folds} folds`],
      ['features', `${features.numbers} numbers, ${features.categories} categories, ${features.dates} dates`],
      ['machine', `${machine.cores} cores, ${bytesText(machine.memoryBytes)}`],
    ],
    io,
  );
  const families = tableLines<PlannedFamily>(
    planned.families,
    [
      { title: 'FAMILY', value: (row) => row.family },
      { title: 'RUNS', value: (row) => (row.runs ? 'yes' : 'no') },
      { title: 'IN', value: (row) => row.runtime },
      { title: 'CANDIDATES', value: (row) => row.candidates.length, align: 'right' },
      { title: 'FIT AT MOST', value: (row) => costText(row.fitSeconds), align: 'right' },
      { title: 'MEMORY', value: (row) => bytesText(row.fitBytes), align: 'right' },
      { title: 'LICENCE', value: (row) => row.licence },
      { title: 'MIND', value: (row) => row.reasons.join('; ') },
    ],
    io,
  );
  const flow = tableLines(
    planned.flow,
    [
      { title: 'STEP', value: (row) => row.step },
      { title: 'DOES', value: (row) => row.does },
      { title: 'NEEDS', value: (row) => row.requires },
    ],
    io,
  );
  return [...facts, '', ...families, '', ...flow];
}

const costText = (seconds: number) =>
  seconds < 1 ? `${Math.ceil(seconds * 1000)} ms` : secondsText(seconds);

/** `slipway select resume`. */
export const resume: CommandRun = async ({ args, options, io }) => {
  const common = options as CommonOptions;
  const connection = await connect(common);
  const accepted = await connection.client.call('resumeStudy', { params: { id: args[0]! } });
  const result = await followLaunch(connection, {
    runId: accepted.runId,
    onLine: (line) => {
      if (!common.json && line.type === 'progress') io.say(line.message);
    },
    onPartial: () => undefined,
    signal: new AbortController().signal,
  });
  if (common.json) io.out(JSON.stringify(result));
  else if (result.ok) io.say(`completed: slipway pipelines show ${accepted.runId}`);
  else io.say(`error ${result.error?.message ?? 'it failed'} [${result.error?.code ?? 'INTERNAL'}]`);
  return result.ok ? 0 : 1;
};

/** `slipway select leaderboard`. */
export const leaderboard: CommandRun = async ({ args, options, io }) => {
  const common = options as CommonOptions;
  const { client } = await connect(common);
  const study = await client.call('getStudy', { params: { id: args[0]! } });
  if (common.json) {
    io.out(JSON.stringify(study.leaderboard));
    return 0;
  }
  const lines = tableLines<LeaderboardRow>(
    study.leaderboard,
    [
      { title: 'CANDIDATE', value: (row) => row.candidate },
      { title: 'FAMILY', value: (row) => row.family },
      { title: study.metric.toUpperCase(), value: (row) => metricText(row.score), align: 'right' },
      { title: 'SPREAD', value: (row) => metricText(row.spread), align: 'right' },
      { title: 'AGAINST BEST', value: (row) => againstText(row) },
      { title: 'FIT', value: (row) => secondsText(row.fitSeconds), align: 'right' },
      { title: 'SIZE', value: (row) => bytesText(row.bytes), align: 'right' },
      { title: 'P50 US', value: (row) => row.p50Us.toFixed(0), align: 'right' },
      { title: 'PARETO', value: (row) => (row.pareto ? '*' : '') },
    ],
    io,
  );
  for (const line of lines) io.out(line);
  io.say('*: nothing else is better in score, time and size at once');
  return 0;
};

function againstText({ againstBest }: LeaderboardRow): string {
  if (againstBest === undefined) return 'best';
  const { low, high } = againstBest;
  const tied = low <= 0 && high >= 0;
  return `${low.toFixed(4)} … ${high.toFixed(4)}${tied ? ' tied' : ''}`;
}

/** `slipway select compare`. */
export const compare: CommandRun = async ({ args, options, io }) => {
  const common = options as CommonOptions;
  const { client } = await connect(common);
  const [id, a, b] = args as [string, string, string];
  const found = await client.call('compareCandidates', { params: { id }, query: { a, b } });
  if (common.json) {
    io.out(JSON.stringify(found));
    return 0;
  }
  const folds = tableLines(
    found.folds.map((fold, i) => ({ ...fold, fold: i + 1 })),
    [
      { title: 'FOLD', value: (row) => row.fold, align: 'right' },
      { title: a, value: (row) => metricText(row.a), align: 'right' },
      { title: b, value: (row) => metricText(row.b), align: 'right' },
      { title: 'DIFFERENCE', value: (row) => metricText(row.difference), align: 'right' },
    ],
    io,
  );
  const { mean, low, high } = found.difference;
  const who = found.verdict === 'tied' ? 'tied' : `${found.verdict === 'a' ? a : b} is better`;
  for (const line of folds) io.out(line);
  io.out('');
  io.out(`${found.metric} ${metricText(mean)} (${metricText(low)} … ${metricText(high)}): ${who}`);
  return 0;
};

/** `slipway select export`. */
export const exportModel: CommandRun = async ({ args, options, io }) => {
  const common = options as CommonOptions;
  const connection = await connect(common);
  const [id, file] = args as [string, string];
  const reply = await getRaw(connection, pathOf(STUDY_MODEL_PATH, { id }));
  const partial = `${file}.partial-${process.pid}`;
  try {
    await pipeline(Readable.fromWeb(reply.body as never), createWriteStream(partial));
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
  if (common.json) io.out(JSON.stringify({ study: id, file }));
  else io.say(`wrote ${file}`);
  return 0;
};
