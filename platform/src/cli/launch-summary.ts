import type { LaunchResult } from '../contracts/launch.ts';
import type { ModelSignature } from '../contracts/models.ts';
import { bytesText, countText, intervalText, metricText, secondsText } from './format.ts';
import type { Io } from './io.ts';

const FINDINGS_SHOWN = 6;

/** What a launch came to, for people. Sections appear as far as it came. */
export function summaryLines(result: LaunchResult, io: Pick<Io, 'paint'>): string[] {
  const { dataset, model, holdout, validation, deployment, leaderboard, schedule } = result;
  const label = (text: string) => io.paint('dim', text.padEnd(11));
  const best = leaderboard?.[0];
  const lines: string[] = [];
  if (dataset !== undefined) {
    const refused = dataset.quarantined === 0 ? '' : `, ${countText(dataset.quarantined)} quarantined`;
    lines.push(
      `${label('data set')}${dataset.name} v${dataset.version}: ${countText(dataset.rows)} rows${refused}`,
    );
  }
  if (best !== undefined) {
    const tried = schedule === undefined ? '' : `, ${schedule.position} of ${schedule.length} candidates`;
    lines.push(
      `${label('best')}${best.candidate}: ${best.metric} ${metricText(best.score)} ± ${metricText(best.spread)}${tried}`,
    );
  }
  if (holdout !== undefined) {
    const others = Object.entries(holdout.metrics)
      .filter(([metric]) => metric !== holdout.metric)
      .map(([metric, value]) => `${metric} ${metricText(value)}`);
    lines.push(
      `${label('held out')}${[`${holdout.metric} ${metricText(holdout.value)}${intervalText(holdout.interval)}`, ...others].join(', ')}`,
    );
  }
  if (validation !== undefined) lines.push(...verdictLines(validation, io, label));
  if (model !== undefined) {
    lines.push(
      `${label('model')}${io.paint('bold', `${model.name} v${model.version}`)}, ${bytesText(model.bytes)}`,
    );
  }
  if (deployment !== undefined)
    lines.push(`${label('serving')}${deployment.url} (revision ${deployment.revision})`);
  const first =
    result.firstModelSeconds === undefined
      ? ''
      : `, first servable model after ${secondsText(result.firstModelSeconds)}`;
  lines.push(`${label('time')}${secondsText(result.seconds)}${first}`);
  return lines;
}

function verdictLines(
  { verdict, findings }: NonNullable<LaunchResult['validation']>,
  io: Pick<Io, 'paint'>,
  label: (text: string) => string,
): string[] {
  const color = verdict === 'pass' ? 'green' : verdict === 'insufficient' ? 'yellow' : 'red';
  const told = findings.filter((finding) => finding.severity !== 'info');
  const more = told.length - FINDINGS_SHOWN;
  return [
    `${label('verdict')}${io.paint(color, verdict)}`,
    ...told
      .slice(0, FINDINGS_SHOWN)
      .map(
        ({ severity, check, summary }) =>
          `${label('')}${io.paint(severity === 'blocking' ? 'red' : 'yellow', severity)} ${check}: ${summary}`,
      ),
    ...(more > 0 ? [`${label('')}… and ${more} more`] : []),
  ];
}

export function linkLines(links: Readonly<Record<string, string>>, io: Pick<Io, 'paint'>): string[] {
  return Object.entries(links)
    .filter(([name]) => name !== 'infer' && name !== 'invocations')
    .map(([name, url]) => `${io.paint('dim', name.padEnd(11))}${url}`);
}

/** A command that asks the model for a prediction of its own example row. */
export function curlLine(url: string, signature: ModelSignature, token: boolean): string {
  const row = Object.fromEntries(signature.inputs.map((input) => [input.name, input.example]));
  const body = JSON.stringify({ dataframe_records: [row] });
  const auth = token ? ' -H "authorization: Bearer $SLIPWAY_TOKEN"' : '';
  return `curl -s ${url}${auth} -H 'content-type: application/json' -d '${body.replaceAll("'", `'\\''`)}'`;
}
