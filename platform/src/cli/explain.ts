import type { Explanation } from '../contracts/explanations.ts';
import type { CommandRun, CommonOptions } from './command.ts';
import { connect } from './connect.ts';
import { usageError } from './failure.ts';
import { countText, metricText } from './format.ts';
import type { Io } from './io.ts';
import { factLines, tableLines } from './table.ts';

/** `slipway select explain <model>[@version]`: what the model leans on. Without a version: the one in service, else the newest. */
export const explain: CommandRun = async ({ args, options, io }) => {
  const [name, version] = readModel(args[0]!);
  const { client } = await connect(options as CommonOptions);
  const wanted = version ?? newest(await client.call('getModel', { params: { name } }));
  const explanation = await client.call('getExplanation', { params: { name, version: wanted } });
  if (options['json'] === true) io.out(JSON.stringify(explanation));
  else for (const line of explanationLines(explanation, `${name} v${wanted}`, io)) io.out(line);
  return 0;
};

function newest({
  championVersion,
  latestVersion,
}: {
  championVersion: number | null;
  latestVersion: number;
}) {
  return championVersion ?? latestVersion;
}

function readModel(text: string): [string, number | undefined] {
  const [, name, version] = /^([^@]+)(?:@v?(\d+))?$/.exec(text) ?? [];
  if (name === undefined) {
    throw usageError(`'${text}' is not a model and a version`, 'Write e.g. adult or adult@3.');
  }
  return [name, version === undefined ? undefined : Number(version)];
}

function explanationLines(explanation: Explanation, model: string, io: Pick<Io, 'outIsTerminal' | 'paint'>) {
  const { loss, meanLoss, outputs, source } = explanation;
  const facts = factLines(
    [
      ['model', model],
      ['rows', `${countText(explanation.rows)} (${source})`],
      ['loss', `${loss} ${meanLoss === null ? '–' : metricText(meanLoss)}`],
      [
        'contributions to',
        explanation.task === 'regression' ? outputs[0] : `the score of ${outputs.join(', ')}`,
      ],
    ],
    io,
  );
  const table = tableLines(
    explanation.columns,
    [
      { title: 'COLUMN', value: (row) => row.column },
      { title: 'IMPORTANCE', value: (row) => metricText(row.importance), align: 'right' },
      { title: 'LOW', value: (row) => metricText(row.interval.low), align: 'right' },
      { title: 'HIGH', value: (row) => metricText(row.interval.high), align: 'right' },
      { title: 'CONTRIBUTION', value: (row) => metricText(row.contribution), align: 'right' },
    ],
    io,
  );
  return [...facts, '', ...table];
}
