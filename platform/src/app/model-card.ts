import type { ModelCard } from '../contracts/models.ts';
import type { LaunchPlan } from './launch-plan.ts';
import type { PackagedModel } from './package-model.ts';
import type { FeedOutputs, SelectOutputs } from './step-outputs.ts';

export interface CardFacts {
  readonly plan: LaunchPlan;
  readonly feed: FeedOutputs;
  readonly select: SelectOutputs;
  readonly packaged: PackagedModel;
}

/** The facts a reader needs before trusting the model; only what the launch itself knows, nothing invented. */
export function modelCard({ plan, feed, select, packaged }: CardFacts): ModelCard {
  const importance = new Map(select.importance.map((entry) => [entry.feature, entry.importance]));
  return {
    summary: `Predicts ${select.target} (${select.task}) from ${select.signature.inputs.length} columns of ${feed.dataset} v${feed.version}.`,
    intendedUse: `Rows like those of ${feed.dataset}, snapshot ${feed.snapshot.slice(0, 12)}: the same columns, collected the same way.`,
    trainingRows: select.trainRows,
    testRows: select.testRows,
    features: select.signature.inputs.map(({ name, type }) => ({
      name,
      type,
      importance: importance.get(name) ?? null,
    })),
    excluded: excludedColumns(plan, select),
    limitations: [...limitations(feed, select), ...unsealed(plan, packaged)],
    params: { candidate: packaged.candidate, ...packaged.params },
    seed: plan.seed,
    requirements: {
      runtime: 'any ONNX runtime with ai.onnx 17 and ai.onnx.ml 3; coercions applied before the graph',
      inputs: select.signature.inputs.length,
      family: packaged.family,
      ...(packaged.trainers === undefined ? {} : { trainedBy: packaged.trainers }),
    },
  };
}

function excludedColumns(plan: LaunchPlan, select: SelectOutputs): ModelCard['excluded'] {
  const byUser = plan.exclude.map((column) => ({ column, reason: 'excluded by the user' }));
  const byGuard = select.guards
    .filter((finding) => finding.action === 'excluded')
    .flatMap((finding) => finding.columns.map((column) => ({ column, reason: finding.summary })));
  return [...byUser, ...byGuard];
}

/** Packages that were used as they were found make a model that another machine may not repeat. */
function unsealed({ external }: LaunchPlan, { trainers }: PackagedModel): string[] {
  if (trainers === undefined || external?.sealed !== false) return [];
  const list = trainers.map(({ library, version }) => `${library} ${version}`).join(', ');
  return [
    `Fitted by ${list} from an unsealed Python environment: its packages were used as found, and may differ elsewhere.`,
  ];
}

function limitations(feed: FeedOutputs, select: SelectOutputs): string[] {
  const notes: string[] = [];
  const unfitted = select.classes.filter((entry) => !entry.fitted);
  if (unfitted.length > 0) {
    const list = unfitted.map((entry) => `${entry.label} (${entry.rows})`).join(', ');
    notes.push(`Never predicts ${list}: too few rows to learn from; they count as errors in every metric.`);
  }
  if (feed.quarantined > 0)
    notes.push(`${feed.quarantined} rows of the source were quarantined and not used.`);
  if (select.testRows < 500) notes.push(`Judged on ${select.testRows} test rows only: intervals are wide.`);
  if (!select.schedule.exhausted) {
    notes.push(
      `The search stopped at ${select.schedule.position} of ${select.schedule.length} scheduled candidates when its budget ended.`,
    );
  }
  return notes;
}
