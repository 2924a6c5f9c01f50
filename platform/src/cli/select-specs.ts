import type { CommandSpec, OptionSpec } from './command.ts';

const STUDY = { name: '<study>', about: 'id of a study, as `slipway select ls` shows it' };
const FILE = {
  name: '[file]',
  about: 'CSV, TSV, NDJSON, JSON, Parquet or Arrow; plain, gzip or zstd; or --data',
};

/** Commands of the selection room beside ls and show. */
export function selectCommands(common: readonly OptionSpec[], search: readonly OptionSpec[]): CommandSpec[] {
  const commands = () => import('./select-commands.ts');
  return [
    {
      words: ['select', 'plan'],
      summary: 'say which families can run on a data set, why others cannot, and what each would cost',
      args: [{ name: '<data>', about: 'data set that is here: orders, orders@v3, orders@tag' }],
      options: [
        { flags: '--target <column>', about: 'column to predict, or "last"', required: true },
        {
          flags: '--task <task>',
          about: 'kind of prediction',
          choices: ['auto', 'binary', 'multiclass', 'regression'],
          defaultText: 'auto',
        },
        { flags: '--exclude <columns>', about: 'columns to leave out, comma-separated', repeatable: true },
        ...common,
      ],
      examples: ['slipway select plan adult --target income'],
      load: async () => (await commands()).plan,
    },
    {
      words: ['select', 'run'],
      summary: 'find a model and deploy nothing; a launch of the same rows answers from it',
      args: [FILE],
      options: [...search, ...common],
      examples: ['slipway select run --data adult@v3 --target income --budget 1m'],
      load: async () => (await import('./launch.ts')).study,
    },
    {
      words: ['select', 'resume'],
      summary: 'go on with a study that was interrupted; finished candidates are not fitted again',
      args: [STUDY],
      options: common,
      examples: ['slipway select resume 01951fd2a4b07c8e9d0a1b2c3d4e5f60'],
      load: async () => (await commands()).resume,
    },
    {
      words: ['select', 'leaderboard'],
      summary:
        'rank the candidates: quality with intervals, cost of serving, and which of them nothing else beats',
      args: [STUDY],
      options: common,
      examples: ['slipway select leaderboard 01951fd2a4b07c8e9d0a1b2c3d4e5f60'],
      load: async () => (await commands()).leaderboard,
    },
    {
      words: ['select', 'compare'],
      summary: 'compare two candidates fold by fold',
      args: [STUDY, { name: '<a>', about: 'a candidate' }, { name: '<b>', about: 'another one' }],
      options: common,
      examples: ['slipway select compare 01951fd2a4b07c8e9d0a1b2c3d4e5f60 booster-01 linear-01'],
      load: async () => (await commands()).compare,
    },
    {
      words: ['select', 'export'],
      summary: "write a study's winner as one ONNX file that takes raw strings and missing values",
      args: [STUDY, { name: '<file>', about: 'where to' }],
      options: common,
      examples: ['slipway select export 01951fd2a4b07c8e9d0a1b2c3d4e5f60 model.onnx'],
      load: async () => (await commands()).exportModel,
    },
  ];
}
