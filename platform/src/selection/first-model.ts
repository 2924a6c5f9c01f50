import type { Model } from '../estimators/types.ts';
import { toSlipwayError } from '../kernel/errors.ts';
import { jobOf, round3, type StudyContext } from './evaluate.ts';
import { checkGraph } from './graph-check.ts';
import type { Journal } from './journal.ts';
import type { ScheduleEntry } from './schedule.ts';
import type { StudyProgress } from './types.ts';

/** Rows of the first model at most: it is to be there within a second. */
const ROWS_MAX = 60_000;

/**
 * Fits the quick booster on the training part, exports it, puts it through the parity gate and tells where it is, while the search
 * goes on.
 *
 * @returns seconds since the study began, or undefined when there is none (the winner is then the first model)
 */
export async function buildFirstModel(
  context: StudyContext,
  use: {
    readonly schedule: readonly ScheduleEntry[];
    readonly journal: Journal;
    readonly report: (progress: StudyProgress) => void;
  },
): Promise<number | undefined> {
  const { prepared, pool, runtime } = context;
  const entry = use.schedule.find(({ family }) => family === 'booster')!;
  const fold = prepared.folds.at(-1)!;
  const fitted = pool.run({
    ...jobOf(context, entry, 'first model'),
    train: atMost(fold.train, ROWS_MAX),
    valid: atMost(fold.valid, ROWS_MAX),
    earlyStopping: true,
    wants: { graph: true, model: true },
  });
  const outcome = await fitted.catch((error) => {
    // A budget so small that it ended before this fit did: the winner will be the first model.
    if (toSlipwayError(error).code === 'CANCELLED') return undefined;
    throw error;
  });
  if (outcome === undefined) return undefined;
  const { graph, model } = outcome;
  const trained = JSON.parse(new TextDecoder().decode(model!)) as Model;
  const parity = await checkGraph(runtime, graph!, trained, prepared.data.features);
  if (!parity.passed) {
    use.report({ type: 'phase', message: `the quick booster's graph differs by ${parity.maxAbsDelta}` });
    return undefined;
  }
  const seconds = round3(context.seconds());
  const onnxPath = use.journal.writeFile('first-model.onnx', graph!);
  const { signature, coercions } = prepared;
  use.report({ type: 'first-model', onnxPath, signature, coercions, seconds });
  return seconds;
}

/** Evenly spread over the list. */
function atMost(rows: Int32Array, count: number): Int32Array {
  if (rows.length <= count) return rows;
  return Int32Array.from({ length: count }, (_, i) => rows[Math.floor((i * rows.length) / count)]!);
}
