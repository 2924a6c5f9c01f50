import type { CommandSpec, OptionSpec } from './command.ts';
import { type Entry, NAME, option, VERSION_NOTE } from './data-entry.ts';
import { QUESTIONS } from './data-specs-questions.ts';

const LOADS: readonly Entry[] = [
  {
    words: ['data', 'add'],
    summary: 'load a source into a data set',
    args: [
      NAME,
      [
        '[source]',
        'file, glob, http(s)://, s3://, postgres://, mysql://, sqlite://; default: the stored one',
      ],
    ],
    options: [
      option('--mode <mode>', 'what becomes of the rows that are there', {
        choices: ['replace', 'append', 'merge'],
        defaultText: 'replace',
      }),
      option('--key <columns>', 'columns that identify a row, for merge'),
      option('--branch <branch>', 'load into a branch', { defaultText: 'main' }),
      option('--table <table>', 'table of a database'),
      option('--query <sql>', 'query of a database, instead of a table'),
      option('--cursor <column>', 'read on from the last value of this growing column (Postgres: also xmin)'),
      option(
        '--secret <name=reference>',
        'credential: password=env:DB_PASSWORD, bearer=store:api, accessKeyId=file:/run/key',
        { repeatable: true },
      ),
      option('--endpoint <url>', 'S3-compatible server'),
      option('--region <region>', 'S3 region', { defaultText: 'us-east-1' }),
      option('--allow-private', 'addresses of private networks may be reached'),
      option('--header <header>', 'first line is a header', {
        choices: ['auto', 'yes', 'no'],
        defaultText: 'auto',
      }),
      option('--types <types>', 'column=type,…', { repeatable: true }),
      option('--full', 'read everything again, not only what is new'),
      option('--every <time>', 'load again this often: 30s, 5m, 1h, 1d; 0 stops it'),
      option('--watch', 'look for new files every 2 seconds and append them'),
      option('--once', 'do not remember the source'),
      option('--check', 'only try the source, and list what it has'),
    ],
    examples: [
      'slipway data add orders orders.csv',
      "slipway data add clicks 's3://bucket/clicks/**.parquet' --mode append --every 5m --secret accessKeyId=env:KEY --secret secretAccessKey=env:SECRET",
      'slipway data add users postgres://app@db.example/shop --table public.users --secret password=env:PGPASSWORD --cursor updated_at --mode merge --key id',
    ],
    load: async () => (await import('./data-load.ts')).add,
  },
  {
    words: ['data', 'schedule'],
    summary: 'let a data set feed by itself, or stop it',
    args: [NAME],
    options: [option('--every <time>', 'how often: 30s, 5m, 1h, 1d; 0 stops it', { required: true })],
    examples: ['slipway data schedule clicks --every 10m', 'slipway data schedule clicks --every 0'],
    load: async () => (await import('./data-load.ts')).schedule,
  },
  {
    words: ['data', 'push'],
    summary: 'push NDJSON rows from a file or stdin; they are acknowledged when they are on disk',
    args: [NAME, ['[file]', 'NDJSON; default: stdin']],
    options: [
      option('--batch <rows>', 'rows per request', { defaultText: '500' }),
      option('--flush', 'make a version of them at once'),
    ],
    examples: ['tail -F app.log | slipway data push events', 'slipway data push events rows.ndjson --flush'],
    load: async () => (await import('./data-load.ts')).push,
  },
  {
    words: ['data', 'quarantine'],
    summary: 'list, export, fix, replay, release or discard rows that were kept back',
    args: [NAME],
    options: [
      option('--reason <reason>', 'only of this reason'),
      option('--column <column>', 'only of this column'),
      option('--status <status>', 'only in this state', {
        choices: ['held', 'fixed', 'replayed', 'released', 'discarded'],
      }),
      option('--id <id>', 'this row', { repeatable: true }),
      option('--fix <text>', 'what the row of --id should have been'),
      option('--replay', 'load them again, as they were fixed'),
      option('--release', 'load them although they break a rule'),
      option('--discard', 'never load them'),
      option('--export <file>', 'write all of them with their bytes as NDJSON'),
      option('--limit <count>', 'at most this many', { defaultText: '50' }),
    ],
    examples: [
      'slipway data quarantine orders',
      "slipway data quarantine orders --id 3f…:0 --fix '17,12.50,EUR' --replay",
      'slipway data quarantine orders --reason RANGE --release',
    ],
    load: async () => (await import('./data-quality.ts')).quarantine,
  },
  {
    words: ['data', 'contract'],
    summary: 'print the contract, or put an edited one in its place',
    args: [NAME],
    options: [
      option('--set <file>', 'JSON file as this command prints it'),
      option('--try', 'with --set: only count which of the present rows would break it'),
      option('--history', 'what changed, version by version'),
    ],
    examples: [
      'slipway data contract orders > contract.json',
      'slipway data contract orders --set contract.json --try',
      'slipway data contract orders --set contract.json',
    ],
    load: async () => (await import('./data-quality.ts')).contract,
  },
];

const VERSIONS: readonly Entry[] = [
  {
    words: ['data', 'diff'],
    summary: 'compare two versions: schema, statistics, rows',
    args: [NAME, ['[from]', VERSION_NOTE], ['[to]', `${VERSION_NOTE}; default: the newest`]],
    options: [
      option('--key <columns>', 'columns that identify a row', { defaultText: "the contract's" }),
      option('--rows <count>', 'rows shown', { defaultText: '10' }),
    ],
    examples: ['slipway data diff orders', 'slipway data diff orders v3 v5 --key id'],
    load: async () => (await import('./data-versions.ts')).diff,
  },
  {
    words: ['data', 'branch'],
    summary: 'begin a branch, or remove one',
    args: [NAME, ['<branch>', 'its name']],
    options: [
      option('--from <version>', 'where it begins', { defaultText: 'the newest of main' }),
      option('--remove', 'remove it'),
    ],
    examples: ['slipway data branch orders cleanup', 'slipway data branch orders cleanup --remove'],
    load: async () => (await import('./data-versions.ts')).branch,
  },
  {
    words: ['data', 'tag'],
    summary: 'name a version, or remove a name',
    args: [NAME, ['<tag>', 'its name']],
    options: [
      option('--version <version>', 'which', { defaultText: 'the newest' }),
      option('--remove', 'remove it'),
    ],
    examples: ['slipway data tag orders q3-training --version 7'],
    load: async () => (await import('./data-versions.ts')).tag,
  },
  {
    words: ['data', 'propose'],
    summary: 'propose a branch for main: diff, checks, review, merge',
    args: [NAME, ['<branch>', 'what is proposed']],
    options: [
      option('--title <title>', 'one line', { required: true }),
      option('--description <text>', 'why'),
      option('--author <who>', 'who proposes'),
    ],
    examples: ['slipway data propose orders cleanup --title "Correct the currencies"'],
    load: async () => (await import('./data-versions.ts')).propose,
  },
  {
    words: ['data', 'proposals'],
    summary: 'list proposals',
    options: [
      option('--dataset <name>', 'of this data set'),
      option('--status <status>', 'only in this state', { choices: ['open', 'merged', 'closed'] }),
    ],
    examples: ['slipway data proposals --status open'],
    load: async () => (await import('./data-versions.ts')).proposals,
  },
  {
    words: ['data', 'review'],
    summary: 'show a proposal; approve, reject, comment on or close it',
    args: [['<id>', 'id of the proposal']],
    options: [
      option('--approve', 'it may be merged'),
      option('--reject', 'it may not'),
      option('--comment <text>', 'what to say'),
      option('--reviewer <who>', 'who says it'),
      option('--close', 'close it without merging'),
    ],
    examples: [
      'slipway data review 0195… ',
      'slipway data review 0195… --approve --reviewer "$USER" --comment "checked ten rows"',
    ],
    load: async () => (await import('./data-versions.ts')).review,
  },
  {
    words: ['data', 'merge'],
    summary: "make a proposal's rows the newest version of main",
    args: [['<id>', 'id of the proposal']],
    examples: ['slipway data merge 01951fd2a4b07c8e9d0a1b2c3d4e5f60'],
    load: async () => (await import('./data-versions.ts')).merge,
  },
  {
    words: ['data', 'gc'],
    summary: 'remove versions and files that nothing refers to',
    options: [
      option('--keep-versions <count>', 'newest versions that stay', { defaultText: '10' }),
      option('--keep-days <days>', 'younger ones stay', { defaultText: '30' }),
      option('--delete', 'really remove; without it this only tells'),
    ],
    examples: ['slipway data gc', 'slipway data gc --keep-versions 3 --keep-days 7 --delete'],
    load: async () => (await import('./data-versions.ts')).gc,
  },
];

/** Commands of the feeding room beside ls, show and rm. */
export function dataCommands(common: readonly OptionSpec[]): CommandSpec[] {
  return [...LOADS, ...VERSIONS, ...QUESTIONS].map(({ args, options, ...entry }) => ({
    ...entry,
    ...(args === undefined ? {} : { args: args.map(([name, about]) => ({ name, about })) }),
    options: [...(options ?? []), ...common],
  }));
}
