import type { ColumnDiff, DatasetDiff, ProposalDetail, ProposalSummary } from '../contracts/data-versions.ts';
import { systemClock } from '../kernel/clock.ts';
import type { CommandRun, CommonOptions } from './command.ts';
import { connect } from './connect.ts';
import { usageError } from './failure.ts';
import { agoText, bytesText, countText, metricText } from './format.ts';
import type { Io } from './io.ts';
import { readWhole } from './launch-options.ts';
import { factLines, tableLines } from './table.ts';

/** `slipway data diff <name> [from] [to]`. */
export const diff: CommandRun = async ({ args, options, io }) => {
  const { key, rows, json, ...common } = options as CommonOptions & { key?: string; rows?: string };
  const [name, from, to] = args as [string, string?, string?];
  const { client } = await connect(common);
  const query = {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(key === undefined ? {} : { key }),
  };
  const found = await client.call('diffDataset', { params: { name }, query });
  if (json) io.out(JSON.stringify(found));
  else
    for (const line of diffLines(found, io, rows === undefined ? 10 : readWhole('--rows', rows, 0)))
      io.out(line);
  return 0;
};

function diffLines(found: DatasetDiff, io: Io, rowsMax: number): string[] {
  const facts = factLines(
    [
      ['versions', `v${found.from} → v${found.to}`],
      ['rows', `${countText(found.rowsFrom)} → ${countText(found.rowsTo)}`],
      ['same rows', found.identical ? 'yes' : 'no'],
      ['key', found.key.length === 0 ? 'none: whole rows are compared' : found.key.join(', ')],
      ['added', countText(found.added)],
      ['removed', countText(found.removed)],
      ['changed', countText(found.changed)],
    ],
    io,
  );
  const shown = found.columns.filter(({ change }) => change !== 'same');
  const columns = tableLines<ColumnDiff>(
    shown,
    [
      { title: 'COLUMN', value: (row) => row.column },
      {
        title: 'CHANGE',
        value: (row) => (row.change === 'retyped' ? `${row.typeFrom} → ${row.typeTo}` : row.change),
      },
      {
        title: 'DISTANCE',
        value: (row) => (row.distance === null ? '' : metricText(row.distance)),
        align: 'right',
      },
      { title: 'P', value: (row) => (row.p === null ? '' : row.p.toPrecision(2)), align: 'right' },
      { title: 'SIGNIFICANT', value: (row) => (row.significant ? 'yes' : '') },
      { title: 'CELLS', value: (row) => row.cellsChanged, align: 'right' },
    ],
    io,
  );
  const rows = found.rows
    .slice(0, rowsMax)
    .flatMap(({ change, before, after }) => [
      ...(before === null ? [] : [io.paint('red', `- ${before.join(' | ')}`)]),
      ...(after === null ? [] : [io.paint('green', `+ ${after.join(' | ')}`)]),
      ...(change === 'changed' ? [''] : []),
    ]);
  return [
    ...facts,
    ...(shown.length === 0 ? [] : ['', ...columns]),
    ...(rows.length === 0 ? [] : ['', ...rows]),
  ];
}

/** `slipway data branch <name> <branch>`. */
export const branch: CommandRun = async ({ args, options, io }) => {
  const { from, remove, json, ...common } = options as CommonOptions & { from?: string; remove?: boolean };
  const [name, wanted] = args as [string, string];
  const { client } = await connect(common);
  const reply = remove
    ? await client.call('removeBranch', { params: { name, branch: wanted } })
    : await client.call('createBranch', {
        params: { name },
        body: { name: wanted, ...(from === undefined ? {} : { version: readVersion(from) }) },
      });
  if (json) io.out(JSON.stringify(reply));
  else
    io.say(
      remove
        ? `removed ${wanted}`
        : `${wanted} begins; load into it with \`slipway data add ${name} <source> --branch ${wanted}\``,
    );
  return 0;
};

/** `slipway data tag <name> <tag>`. */
export const tag: CommandRun = async ({ args, options, io }) => {
  const { version, remove, json, ...common } = options as CommonOptions & {
    version?: string;
    remove?: boolean;
  };
  const [name, wanted] = args as [string, string];
  const { client } = await connect(common);
  const reply = remove
    ? await client.call('removeTag', { params: { name, tag: wanted } })
    : await client.call('createTag', {
        params: { name },
        body: { name: wanted, ...(version === undefined ? {} : { version: readVersion(version) }) },
      });
  if (json) io.out(JSON.stringify(reply));
  else
    io.say(remove ? `removed ${wanted}` : `${name}@${wanted} is v${'version' in reply ? reply.version : ''}`);
  return 0;
};

export function readVersion(text: string): number {
  return readWhole('--version', text.replace(/^v/, ''), 1);
}

/** `slipway data propose <name> <branch>`. */
export const propose: CommandRun = async ({ args, options, io }) => {
  const { title, description, author, json, ...common } = options as unknown as CommonOptions & {
    title: string;
    description?: string;
    author?: string;
  };
  const [name, wanted] = args as [string, string];
  const { client } = await connect(common);
  const body = {
    ...{ branch: wanted, title },
    ...(description === undefined ? {} : { description }),
    ...(author === undefined ? {} : { author }),
  };
  return showProposal(await client.call('createProposal', { params: { name }, body }), json, io);
};

function showProposal(proposal: ProposalDetail, json: boolean | undefined, io: Io): 0 {
  if (json) {
    io.out(JSON.stringify(proposal));
    return 0;
  }
  const { diff: found } = proposal;
  const facts = factLines(
    [
      ['id', proposal.id],
      ['title', proposal.title],
      ['data set', `${proposal.dataset}, ${proposal.branch} (v${proposal.head}) → main (v${proposal.base})`],
      ['status', proposal.status],
      ['can merge', proposal.blocked === null ? 'yes' : `no: ${proposal.blocked}`],
      ...(found === null
        ? []
        : [
            [
              'rows',
              `${countText(found.added)} added, ${countText(found.removed)} removed, ${countText(found.changed)} changed`,
            ] as const,
          ]),
      ...proposal.checks.map(({ check, status, message }) => [`${status}  ${check}`, message] as const),
      ...proposal.reviews.map(
        ({ reviewer, verdict, comment, head }) =>
          [`${reviewer} (v${head})`, `${verdict}${comment === '' ? '' : `: ${comment}`}`] as const,
      ),
    ],
    io,
  );
  for (const line of facts) io.out(line);
  return 0;
}

/** `slipway data proposals`. */
export const proposals: CommandRun = async ({ options, io }) => {
  const { dataset, status, json, ...common } = options as CommonOptions & {
    dataset?: string;
    status?: string;
  };
  const { client } = await connect(common);
  const page = await client.call('listProposals', {
    query: { ...(dataset === undefined ? {} : { dataset }), ...(status === undefined ? {} : { status }) },
  });
  if (json) {
    io.out(JSON.stringify(page));
    return 0;
  }
  const now = systemClock.now();
  const lines = tableLines<ProposalSummary>(
    page.items,
    [
      { title: 'ID', value: (row) => row.id },
      { title: 'DATA SET', value: (row) => row.dataset },
      { title: 'BRANCH', value: (row) => row.branch },
      { title: 'STATUS', value: (row) => row.status },
      { title: 'TITLE', value: (row) => row.title },
      { title: 'UPDATED', value: (row) => agoText(row.updatedAt, now) },
    ],
    io,
  );
  for (const line of lines) io.out(line);
  return 0;
};

/** `slipway data review <id>`. */
export const review: CommandRun = async ({ args, options, io }) => {
  const given = options as CommonOptions & {
    approve?: boolean;
    reject?: boolean;
    comment?: string;
    reviewer?: string;
    close?: boolean;
  };
  if (given.approve && given.reject)
    throw usageError('--approve and --reject contradict each other', 'Give one of them.');
  const params = { id: args[0]! };
  const { client } = await connect(given);
  if (given.close) return showProposal(await client.call('closeProposal', { params }), given.json, io);
  const verdict = given.approve
    ? 'approve'
    : given.reject
      ? 'reject'
      : given.comment === undefined
        ? undefined
        : 'comment';
  if (verdict === undefined)
    return showProposal(await client.call('getProposal', { params }), given.json, io);
  const body = {
    verdict,
    ...(given.comment === undefined ? {} : { comment: given.comment }),
    ...(given.reviewer === undefined ? {} : { reviewer: given.reviewer }),
  } as const;
  return showProposal(await client.call('reviewProposal', { params, body }), given.json, io);
};

/** `slipway data merge <id>`. */
export const merge: CommandRun = async ({ args, options, io }) => {
  const { client } = await connect(options as CommonOptions);
  const merged = await client.call('mergeProposal', { params: { id: args[0]! } });
  if (options['json'] === true) io.out(JSON.stringify(merged));
  else io.say(`${merged.dataset} is v${merged.mergedVersion} now`);
  return 0;
};

/** `slipway data gc`. */
export const gc: CommandRun = async ({ options, io }) => {
  const given = options as CommonOptions & { keepVersions?: string; keepDays?: string; delete?: boolean };
  const body = {
    dryRun: given.delete !== true,
    ...(given.keepVersions === undefined
      ? {}
      : { keepVersions: readWhole('--keep-versions', given.keepVersions, 1) }),
    ...(given.keepDays === undefined ? {} : { keepDays: readWhole('--keep-days', given.keepDays, 0) }),
  };
  const { client } = await connect(given);
  const report = await client.call('collectGarbage', { body });
  if (given.json) {
    io.out(JSON.stringify(report));
    return 0;
  }
  for (const { dataset, version } of report.versions)
    io.out(`${report.dryRun ? 'would remove' : 'removed'}\t${dataset} v${version}`);
  for (const { dataset, version, because } of report.kept)
    io.out(`keeps\t${dataset} v${version}\t${because}`);
  const { orphans } = report;
  if (orphans.blobs > 0)
    io.say(`${countText(orphans.blobs)} files of what died half-way, ${bytesText(orphans.bytes)}`);
  io.say(
    `${countText(report.versions.length)} versions, ${countText(report.blobs)} files, ${bytesText(report.bytes)}${report.dryRun ? '; --delete removes them' : ''}`,
  );
  return 0;
};
