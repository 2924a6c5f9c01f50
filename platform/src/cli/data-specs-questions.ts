import { type Entry, NAME, option } from './data-entry.ts';

export const QUESTIONS: readonly Entry[] = [
  {
    words: ['data', 'query'],
    summary: 'ask the snapshots with SQL, read-only',
    args: [['<sql>', 'one SELECT; data sets by name: adult, adult@v3, "flights-3m@tag"']],
    options: [
      option('--limit <count>', 'rows at most', { defaultText: '1000' }),
      option('--timeout <time>', 'at most this long', { defaultText: '30s' }),
    ],
    examples: [
      "slipway data query 'SELECT income, count(*) FROM adult GROUP BY 1'",
      "slipway data query 'SELECT * FROM adult@v3 LIMIT 5' --json",
    ],
    load: async () => (await import('./data-questions.ts')).query,
  },
  {
    words: ['data', 'export'],
    summary: 'write rows as Parquet, CSV, NDJSON or Arrow',
    args: [
      ['<what>', 'data set (adult, adult@v3) or a SELECT'],
      ['<file>', 'its ending says the format: .parquet, .csv, .ndjson, .arrow'],
    ],
    examples: [
      'slipway data export adult@v3 adult.parquet',
      "slipway data export 'SELECT * FROM adult WHERE age > 60' old.csv",
    ],
    load: async () => (await import('./data-questions.ts')).exportRows,
  },
  {
    words: ['data', 'split'],
    summary: 'store a split rule and prove it, or list splits',
    args: [NAME, ['[split]', 'name of the split; without it all are listed']],
    options: [
      option('--method <method>', 'how rows are given to parts', {
        choices: ['random', 'stratified', 'group', 'time'],
        defaultText: 'random',
      }),
      option('--parts <shares>', 'part=share,…', { defaultText: 'train=0.8,test=0.2' }),
      option('--column <column>', 'stratify by, group by, or the event time'),
      option('--identity <columns>', 'rows equal in these get the same part', { defaultText: 'all columns' }),
      option('--gap <time>', 'left out before a later part begins (time): 1d', { defaultText: '0s' }),
      option('--seed <seed>', 'another seed, another split', { defaultText: '0' }),
      option('--version <version>', 'prove it on this one', { defaultText: 'the newest' }),
      option('--remove', 'remove the rule'),
    ],
    examples: [
      'slipway data split adult holdout --method stratified --column income',
      'slipway data split taxis months --method time --column pickup --gap 1d',
    ],
    load: async () => (await import('./data-questions.ts')).split,
  },
  {
    words: ['data', 'join'],
    summary: 'join two data sets as of the time of each row: nothing later can leak in',
    args: [
      ['<name>', 'data set to make'],
      ['<left>', 'rows to keep: labels@v2'],
      ['<right>', 'what was known then: features'],
    ],
    options: [
      option('--on <columns>', 'columns that must agree', { required: true }),
      option('--left-time <column>', 'time of each row', { required: true }),
      option('--right-time <column>', 'when it happened', { required: true }),
      option('--right-known <column>', 'when it became known (ingestion time)'),
      option('--max-age <time>', 'older is not used'),
    ],
    examples: [
      'slipway data join training labels features --on user --left-time at --right-time happened --right-known loaded',
    ],
    load: async () => (await import('./data-questions.ts')).join,
  },
  {
    words: ['secrets', 'set'],
    summary: 'store a credential, encrypted; its value is read from stdin',
    args: [['<name>', 'referred to as store:<name>']],
    examples: ['printf %s "$PASSWORD" | slipway secrets set shop-db'],
    load: async () => (await import('./data-questions.ts')).setSecret,
  },
  {
    words: ['secrets', 'ls'],
    summary: 'list names of stored credentials',
    examples: ['slipway secrets ls'],
    load: async () => (await import('./data-questions.ts')).listSecrets,
  },
  {
    words: ['secrets', 'rm'],
    summary: 'remove a stored credential',
    args: [['<name>', 'its name']],
    examples: ['slipway secrets rm shop-db'],
    load: async () => (await import('./data-questions.ts')).removeSecret,
  },
];
