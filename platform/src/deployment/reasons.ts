import type { RowReasons } from '../contracts/deployments.ts';
import { reasonsUnavailable } from './errors.ts';
import { cellOf } from './logged.ts';
import type { Router } from './router.ts';
import type { DecodedRequest, PredictionBatch, RawContributions, ServableModel } from './types.ts';

/** Before anything is predicted: a request that cannot be answered whole leaves no prediction. @throws REASONS_UNAVAILABLE */
export function requireReasons({ explainerPath, version }: ServableModel): void {
  if (explainerPath === undefined)
    throw reasonsUnavailable(`version ${version} was registered before reasons were kept`);
}

/**
 * By the worker of the revision that answered, which may have become the previous one meanwhile.
 *
 * @throws DEPLOYMENT_NOT_FOUND, REASONS_UNAVAILABLE
 */
export function explainBatch(
  router: Router,
  deployment: string,
  request: DecodedRequest,
  { revision, model }: PredictionBatch,
): Promise<RawContributions> {
  const { live, previous } = router.live(deployment);
  const answered = [live, previous].find((candidate) => candidate?.revision === revision);
  if (answered === undefined) throw reasonsUnavailable(`version ${model.version} is not in service any more`);
  return answered.worker.explain(request);
}

/**
 * The columns that did most to each row's raw score: of the second label of two, of the predicted label of more, of the value.
 *
 * @param count columns told per row; the others are summed in `rest`
 */
export function reasonsOf(
  batch: PredictionBatch,
  request: DecodedRequest,
  contributions: RawContributions,
  count: number,
): RowReasons[] {
  const { coercions, signature } = batch.model;
  const { columns, outputs, base, values } = contributions;
  const placeOf = new Map(coercions.map(({ column }, i) => [column, i]));
  return Array.from({ length: contributions.rows }, (_, row) => {
    const output = outputs === 1 ? 0 : mostProbable(batch, row);
    const start = (row * outputs + output) * columns.length;
    const own = values.subarray(start, start + columns.length);
    const order = Array.from(own.keys()).sort((a, b) => Math.abs(own[b]!) - Math.abs(own[a]!) || a - b);
    const told = order.slice(0, count);
    const score = own.reduce((sum, value) => sum + value, base[output]!);
    return {
      of: signature.labels[outputs === 1 ? 1 : output] ?? signature.target,
      score,
      base: base[output]!,
      columns: told.map((c) => {
        const place = placeOf.get(columns[c]!)!;
        const value = cellOf(request.columns[place], row, coercions[place]!.type);
        return { column: columns[c]!, value, contribution: own[c]! };
      }),
      rest: order.slice(count).reduce((sum, c) => sum + own[c]!, 0),
    };
  });
}

function mostProbable({ outputs, outputsPerRow }: PredictionBatch, row: number): number {
  let best = 0;
  for (let k = 1; k < outputsPerRow; k++) {
    if (outputs[row * outputsPerRow + k]! > outputs[row * outputsPerRow + best]!) best = k;
  }
  return best;
}
