import type { LeaderboardRow } from '../contracts/studies.ts';
import type { ParityReport } from '../estimators/onnx/parity.ts';
import type { Model } from '../estimators/types.ts';
import { SlipwayError, toSlipwayError } from '../kernel/errors.ts';
import { mergeBoosters } from './blend.ts';
import { blendRow, type Contender, rankContenders } from './contenders.ts';
import { jobOf, measured, round3, type StudyContext } from './evaluate.ts';
import { isExternal } from './external-fits.ts';
import { checkGraph } from './graph-check.ts';
import type { CandidateRecord, Journal } from './journal.ts';
import { type Refitted, refit, refitParams } from './refit.ts';
import { graphOf } from './run-fit.ts';
import type { ScheduleEntry } from './schedule.ts';
import { againstBest } from './scoring.ts';
import type { StoredModel, StudyRequest, StudyResult, Trainer } from './types.ts';

type Finished = Pick<
  StudyResult,
  'leaderboard' | 'winner' | 'winnerModelPath' | 'winnerOnnxPath' | 'baselines' | 'parity' | 'importance'
>;

interface FinishOptions {
  readonly schedule: readonly ScheduleEntry[];
  readonly records: readonly CandidateRecord[];
  readonly journal: Journal;
  readonly onPhase: (message: string) => void;
}

/**
 * Ranks what was found, refits the best on the whole training part, puts it through the parity gate, and describes it.
 * A contender whose graph does not answer as its trainer does is passed over for the next.
 *
 * @throws PARITY_FAILED when none is left
 */
export async function finishStudy(context: StudyContext, options: FinishOptions): Promise<Finished> {
  const { records, journal, onPhase } = options;
  const contenders = rankContenders(context, records, journal);
  onPhase(`refitting ${contenders[0]!.name} on all training rows`);
  const refits = refitter(context, options);
  // Queued together, so that threads share the work: the likely winner's members first, then baselines and importance.
  for (const member of contenders[0]!.members) void refits(member.index);
  const baselines = writeBaselines(context, options, refits);
  const importance = importanceOfBest(context, options, contenders);
  // Looked at below; without this a failure before that would be unhandled.
  for (const pending of [baselines, importance]) pending.catch(() => undefined);
  const winner = await firstSound(context, contenders, refits, onPhase);
  const trainers = trainersOf(context.request, winner.contender);
  const stored: StoredModel = {
    candidate: winner.contender.name,
    params: winner.params,
    model: winner.model,
    ...(trainers.length === 0 ? {} : { trainers }),
  };
  const winnerRow = { ...(await measured(context, winner.graph)) };
  return {
    leaderboard: leaderboardOf(context, contenders, winner.contender, winnerRow),
    winner: winner.contender.name,
    winnerModelPath: journal.writeFile('winner.json', JSON.stringify(stored)),
    winnerOnnxPath: journal.writeFile('winner.onnx', winner.graph),
    baselines: await baselines,
    parity: {
      rows: winner.parity.rows,
      maxAbsDelta: winner.parity.maxAbsDelta,
      tolerance: winner.parity.tolerance,
    },
    importance: await importance,
  };
}

type Refits = (index: number) => Promise<Refitted>;

/** Refits each entry at most once. */
function refitter(context: StudyContext, { schedule, records }: FinishOptions): Refits {
  const done = new Map<number, Promise<Refitted>>();
  return (index) => {
    let refitted = done.get(index);
    if (refitted === undefined) {
      const record = records.find((one) => one.index === index);
      refitted = refit(context, schedule[index]!, record);
      refitted.catch(() => undefined);
      done.set(index, refitted);
    }
    return refitted;
  };
}

interface Sound {
  readonly contender: Contender;
  readonly model: Model;
  readonly graph: Uint8Array;
  readonly params: StoredModel['params'];
  readonly parity: ParityReport;
}

async function firstSound(
  context: StudyContext,
  contenders: readonly Contender[],
  refits: Refits,
  onPhase: (message: string) => void,
): Promise<Sound> {
  let worst = 0;
  for (const contender of contenders) {
    const built = await buildContender(context, contender, refits).catch((error) => {
      // An external family that could be fitted on the folds and cannot on all rows loses its candidate, not the study.
      const { code, message } = toSlipwayError(error);
      const external = contender.members.some(({ row }) => isExternal(row.family));
      if (!external || code === 'CANCELLED') throw error;
      onPhase(`${contender.name} is passed over: ${message}`);
      return undefined;
    });
    if (built === undefined) continue;
    const parity = await checkGraph(
      context.runtime,
      built.graph,
      built.model,
      context.prepared.data.features,
    );
    if (parity.passed) return { ...built, contender, parity };
    worst = Math.max(worst, parity.maxAbsDelta);
    onPhase(`${contender.name} is passed over: its graph differs by ${parity.maxAbsDelta}`);
  }
  throw new SlipwayError('PARITY_FAILED', {
    message: `no candidate's exported graph answers as its trainer does (difference ${worst})`,
    fix: 'Report this with the data set; nothing was registered.',
    details: { maxAbsDelta: String(worst) },
  });
}

async function buildContender(context: StudyContext, contender: Contender, refits: Refits) {
  const members = await Promise.all(contender.members.map(({ index }) => refits(index)));
  const [first] = members as [Refitted, ...Refitted[]];
  if (members.length === 1) return { model: first.model, graph: first.graph, params: first.params };
  const model = mergeBoosters(members.map((member) => member.model));
  if (model === undefined) return undefined;
  const params = {
    members: contender.members.map(({ row }) => row.candidate).join(', '),
    trees: model.trees.length,
  };
  return { model, graph: graphOf(model, context.prepared.data), params };
}

/** Constant and linear refitted on the same rows: what a model has to beat to be worth serving. */
async function writeBaselines(
  { prepared, runtime }: StudyContext,
  { schedule, journal }: FinishOptions,
  refits: Refits,
): Promise<{ name: string; onnxPath: string }[]> {
  const names = ['constant', 'linear'] as const;
  const written = await Promise.all(
    names.map(async (family) => {
      const { graph, model } = await refits(schedule.findIndex((entry) => entry.family === family));
      const parity = await checkGraph(runtime, graph, model, prepared.data.features);
      // A baseline that is not what was fitted would judge the model by a wrong measure.
      if (!parity.passed) return [];
      return [{ name: family, onnxPath: journal.writeFile(`baseline-${family}.onnx`, graph) }];
    }),
  );
  return written.flat();
}

/** Of the likely winner; of the best that is our own when an external family cannot be fitted once more. */
function importanceOfBest(
  context: StudyContext,
  options: FinishOptions,
  contenders: readonly Contender[],
): ReturnType<typeof importanceOf> {
  const members = contenders.flatMap((contender) => contender.members);
  return importanceOf(context, options, members[0]!).catch((error) => {
    const own = members.find(({ row }) => !isExternal(row.family));
    if (!isExternal(members[0]!.row.family) || own === undefined) throw error;
    return importanceOf(context, options, own);
  });
}

/** Libraries that fitted a contender's members. */
function trainersOf({ external }: StudyRequest, { members }: Contender): Trainer[] {
  const families = new Set<string>(members.map(({ row }) => row.family));
  return (external?.libraries ?? [])
    .filter(({ family }) => families.has(family))
    .map(({ library, version, licence }) => ({
      ...{ library, version, licence },
      environment: `${external!.sealed ? 'sealed' : 'unsealed'} (sha256 ${external!.digest.slice(0, 16)}), Python ${external!.version}`,
    }));
}

/** Share of the loss that each column keeps away, by permutation on rows the model of the first fold has not seen. */
async function importanceOf(
  context: StudyContext,
  { schedule }: FinishOptions,
  record: CandidateRecord,
): Promise<{ feature: string; importance: number }[]> {
  const { prepared, pool } = context;
  const entry = schedule[record.index]!;
  const fold = prepared.folds.at(-1)!;
  const outcome = await pool.run({
    ...jobOf(context, entry, 'importance'),
    params: refitParams(context, entry, record),
    ...{ train: fold.train, valid: fold.valid },
    wants: { importance: true },
  });
  const byColumn = new Map(prepared.features.map((name) => [name, 0]));
  outcome.importance!.forEach((value, i) => {
    const column = prepared.columnOfFeature[i]!;
    byColumn.set(column, byColumn.get(column)! + value);
  });
  const total = [...byColumn.values()].reduce((sum, value) => sum + value, 0);
  return [...byColumn]
    .map(([feature, value]) => ({ feature, importance: total > 0 ? value / total : 0 }))
    .sort((a, b) => b.importance - a.importance || (a.feature < b.feature ? -1 : 1));
}

function leaderboardOf(
  context: StudyContext,
  contenders: readonly Contender[],
  winner: Contender,
  winnerRow: Pick<LeaderboardRow, 'bytes' | 'p50Us'>,
): LeaderboardRow[] {
  const best = winner.predictions();
  return contenders.map((contender) => {
    const [member] = contender.members;
    const blend = contender.members.length > 1;
    const row = blend ? blendRow(context, contender, round3(context.seconds())) : member!.row;
    if (contender === winner) return { ...row, ...winnerRow };
    const interval = againstBest(context.yardstick, best, contender.predictions());
    return interval === undefined ? row : { ...row, againstBest: interval };
  });
}
