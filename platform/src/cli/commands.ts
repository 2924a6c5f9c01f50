import type { CommandSpec, OptionSpec } from './command.ts';
import { dataCommands } from './data-specs.ts';
import { selectCommands } from './select-specs.ts';

/** Every command, as data. Code is loaded when a command runs, so that help is instant. */
const HOME: OptionSpec = {
  flags: '--home <dir>',
  about: 'folder that holds everything',
  defaultText: '.slipway',
};
const URL: OptionSpec = {
  flags: '--url <url>',
  about: 'server of another machine; files are uploaded to it (also SLIPWAY_URL)',
};
const JSON_OUT: OptionSpec = { flags: '--json', about: 'machine-readable results on stdout' };
const PORT: OptionSpec = { flags: '--port <port>', about: 'port to listen on', defaultText: '7070' };
const HOST: OptionSpec = {
  flags: '--host <host>',
  about: 'address to listen on; beyond this machine every caller needs a token',
  defaultText: '127.0.0.1',
};
const COMMON = [HOME, URL, JSON_OUT];

const UP: CommandSpec = {
  words: ['up'],
  summary: 'run the server with its pages in the foreground',
  options: [PORT, HOST, HOME, JSON_OUT],
  examples: ['slipway up', 'slipway up --port 7071 --home ./ml'],
  load: async () => (await import('./server-commands.ts')).up,
};

const EXIT: OptionSpec = {
  flags: '--exit',
  about: 'stop the server this command started; takes a free port',
};

/** What a search goes by, with or without a deployment after it. */
const SEARCH: readonly OptionSpec[] = [
  { flags: '--target <column>', about: 'column to predict, or "last"', required: true },
  { flags: '--data <dataset>', about: 'rows of a data set that is here: orders, orders@v3, orders@tag' },
  { flags: '--name <name>', about: 'name of the model', defaultText: 'from the file or data set' },
  {
    flags: '--task <task>',
    about: 'kind of prediction',
    choices: ['auto', 'binary', 'multiclass', 'regression'],
    defaultText: 'auto',
  },
  { flags: '--positive <value>', about: 'the positive class of a binary target' },
  { flags: '--metric <metric>', about: 'what to search by', defaultText: 'auc, logLoss or rmse' },
  { flags: '--exclude <columns>', about: 'columns to leave out, comma-separated', repeatable: true },
  { flags: '--types <types>', about: 'column=type,…', repeatable: true },
  { flags: '--test-file <file>', about: 'your own labelled test set' },
  {
    flags: '--header <header>',
    about: 'first line is a header',
    choices: ['auto', 'yes', 'no'],
    defaultText: 'auto',
  },
  { flags: '--budget <time>', about: 'time for the search: 30s, 2m, 1h', defaultText: '30s' },
  { flags: '--seed <seed>', about: 'same seed, same model', defaultText: '0' },
  { flags: '--time <column>', about: 'split by this time: test on the latest rows' },
  { flags: '--group <column>', about: 'keep rows of one group together' },
  {
    flags: '--leaks <action>',
    about: 'what to do with columns that give the target away',
    choices: ['exclude', 'fail', 'keep'],
    defaultText: 'exclude',
  },
  {
    flags: '--families <families>',
    about: 'all: try LightGBM, XGBoost, CatBoost and scikit-learn, too',
    choices: ['node', 'all'],
    defaultText: 'node',
  },
  { flags: '--force', about: 'run every step again although nothing changed' },
  { flags: '--position <count>', about: 'replay exactly this many schedule entries, whatever the budget' },
];

const LAUNCH: CommandSpec = {
  words: ['launch'],
  summary: 'take rows to a validated, served and monitored model',
  args: [
    {
      name: '[file]',
      about: 'CSV, TSV, NDJSON, JSON, Parquet or Arrow; plain, gzip or zstd; or --data',
    },
  ],
  options: [
    ...SEARCH,
    { flags: '--policy <file>', about: 'JSON file that says when a model may ship' },
    EXIT,
    PORT,
    HOST,
    ...COMMON,
  ],
  examples: [
    'slipway launch adult.csv --target income --positive ">50K"',
    'slipway launch taxis.csv --target fare --time pickup --exclude total,tip --budget 2m',
    'slipway launch --data orders@v3 --target returned',
    'slipway launch rows.parquet --target last --json --exit | tail -1',
  ],
  load: async () => (await import('./launch.ts')).run,
};

const ROLLBACK: CommandSpec = {
  words: ['rollback'],
  summary: 'go back to the former version of a deployment, at once',
  args: [{ name: '<name>', about: 'name of the deployment' }],
  options: [
    { flags: '--to <revision>', about: 'revision to go back to', defaultText: 'the one before' },
    ...COMMON,
  ],
  examples: ['slipway rollback adult', 'slipway rollback adult --to 3'],
  load: async () => (await import('./work-commands.ts')).rollback,
};

const FEEDBACK: CommandSpec = {
  words: ['feedback'],
  summary: 'say what really happened, for an earlier prediction',
  args: [
    { name: '<prediction>', about: 'id of the prediction' },
    { name: '<label>', about: 'what it should have been' },
  ],
  options: COMMON,
  examples: ['slipway feedback 01951fd2a4b07c8e9d0a1b2c3d4e5f60 ">50K"'],
  load: async () => (await import('./work-commands.ts')).feedback,
};

const DOCTOR: CommandSpec = {
  words: ['doctor'],
  summary: 'check that everything Slipway needs is here',
  options: [
    HOME,
    PORT,
    { flags: '--python', about: 'install LightGBM, XGBoost, CatBoost and scikit-learn into the home folder' },
    JSON_OUT,
  ],
  examples: ['slipway doctor', 'slipway doctor --json', 'slipway doctor --python'],
  load: async () => (await import('./doctor.ts')).run,
};

const STOP: CommandSpec = {
  words: ['stop'],
  summary: 'stop the server of this home',
  options: [HOME, JSON_OUT],
  examples: ['slipway stop'],
  load: async () => (await import('./server-commands.ts')).stop,
};

const PAGING: readonly OptionSpec[] = [
  { flags: '--limit <count>', about: 'at most this many', defaultText: '50' },
  { flags: '--cursor <cursor>', about: 'go on where the last page ended' },
];

/** word, its things, what `show` and `rm` are given, an example of it, whether it can be removed */
const NOUNS: readonly (readonly [string, string, string, string, boolean])[] = [
  ['models', 'models', 'name', 'adult', true],
  ['data', 'data sets', 'name', 'adult', true],
  ['select', 'studies', 'id', '01951fd2a4b07c8e9d0a1b2c3d4e5f60', false],
  ['pipelines', 'pipeline runs', 'run', '01951fd2a4b07c8e9d0a1b2c3d4e5f60', false],
  ['validate', 'validation reports', 'id', '01951fd2a4b07c8e9d0a1b2c3d4e5f60', false],
  ['deploy', 'deployments', 'name', 'adult', true],
  ['monitor', 'monitors', 'name', 'adult', false],
];

/** What groups of commands are about, for the help of `slipway <noun>`. */
export const GROUPS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    NOUNS.map(([word, things, , , removable]) => [
      word,
      `list${removable ? ', show and remove' : ' and show'} ${things}`,
    ]),
  ),
  data: 'load, check, compare, query, split and share data sets',
  secrets: 'store credentials, encrypted',
};

function nounCommands([word, things, key, example, removable]: (typeof NOUNS)[number]): CommandSpec[] {
  const module = () => import('./noun-commands.ts');
  const one = things.replace(/ies$/, 'y').replace(/s$/, '');
  const arg = [{ name: `<${key}>`, about: `${key} of the ${one}` }];
  return [
    {
      words: [word, 'ls'],
      summary: `list ${things}`,
      options: [...PAGING, ...COMMON],
      examples: [`slipway ${word} ls`, `slipway ${word} ls --json`],
      load: async () => (await module()).list(word),
    },
    {
      words: [word, 'show'],
      summary: `show one ${one}`,
      args: arg,
      options: COMMON,
      examples: [`slipway ${word} show ${example}`],
      load: async () => (await module()).show(word),
    },
    ...(removable
      ? [
          {
            words: [word, 'rm'],
            summary: `remove one ${one}`,
            args: arg,
            options: COMMON,
            examples: [`slipway ${word} rm ${example}`],
            load: async () => (await module()).remove(word),
          },
        ]
      : []),
  ];
}

const RUN_ARG = [{ name: '<run>', about: 'id of the run' }];

const RUN_COMMANDS: readonly CommandSpec[] = [
  {
    words: ['pipelines', 'logs'],
    summary: 'print the log of a run',
    args: RUN_ARG,
    options: [{ flags: '--step <step>', about: 'of this step only' }, ...COMMON],
    examples: ['slipway pipelines logs 01951fd2a4b07c8e9d0a1b2c3d4e5f60 --step select'],
    load: async () => (await import('./work-commands.ts')).logs,
  },
  {
    words: ['pipelines', 'cancel'],
    summary: 'stop a live run; the same launch resumes it',
    args: RUN_ARG,
    options: COMMON,
    examples: ['slipway pipelines cancel 01951fd2a4b07c8e9d0a1b2c3d4e5f60'],
    load: async () => (await import('./work-commands.ts')).cancel,
  },
];

const EXPLAIN: CommandSpec = {
  words: ['select', 'explain'],
  summary: 'tell what a model leans on: importance and contributions of its columns',
  args: [{ name: '<model>', about: 'model, or model@version; default: the version in service' }],
  options: COMMON,
  examples: ['slipway select explain adult', 'slipway select explain adult@2 --json'],
  load: async () => (await import('./explain.ts')).explain,
};

export const COMMANDS: readonly CommandSpec[] = [
  UP,
  LAUNCH,
  ...NOUNS.flatMap(nounCommands),
  EXPLAIN,
  ...RUN_COMMANDS,
  ...dataCommands(COMMON),
  ...selectCommands(COMMON, [...SEARCH, EXIT, PORT, HOST]),
  ROLLBACK,
  FEEDBACK,
  DOCTOR,
  STOP,
];
