import type { App } from '../app/app.ts';
import { SlipwayError } from '../kernel/errors.ts';
import type { Handlers } from './handler-types.ts';

/** Operations of the feeding room. */
export function feedingHandlers(app: App) {
  const { feeding } = app;
  return {
    listDatasets: ({ query }) => feeding.list(query),
    getDataset: ({ params }) => feeding.get(params.name),
    getSnapshot: ({ params }) => feeding.snapshot(params.name, params.version),
    previewDataset: ({ params, query }) => feeding.preview(params.name, query),
    removeDataset: async ({ params }) => {
      await feeding.remove(params.name);
      return { removed: params.name };
    },
    ...loadHandlers(app),
    ...versionHandlers(app),
    getContract: ({ params }) => feeding.getContract(params.name),
    editContract: ({ params, body }) => feeding.editContract(params.name, body),
    tryContract: ({ params, body }) => feeding.tryContract(params.name, body),
    listQuarantine: ({ params, query }) => feeding.listQuarantine(params.name, query),
    fixQuarantine: ({ params, body }) => feeding.fixQuarantine(params.name, body),
    actOnQuarantine: ({ params, body }) => feeding.actOnQuarantine(params.name, body),
    listSplits: ({ params }) => feeding.listSplits(params.name),
    createSplit: ({ params, body }) => feeding.createSplit(params.name, body),
    removeSplit: async ({ params }) => {
      await feeding.removeSplit(params.name, params.split);
      return { removed: params.split };
    },
    joinDatasets: ({ body }) => feeding.join(body),
    queryData: ({ body }) => feeding.query(body),
    listSecrets: async () => ({ items: await feeding.listSecrets() }),
    setSecret: ({ body }) => feeding.setSecret(body.name, body.value),
    removeSecret: async ({ params }) => {
      await feeding.removeSecret(params.name);
      return { removed: params.name };
    },
  } satisfies Partial<Handlers>;
}

function loadHandlers({ feeding, loads }: App) {
  return {
    loadDataset: ({ params, body, local }) => loads.load(params.name, body, { local }),
    getLoad: ({ params }) => loads.loadResult(params.id),
    setSchedule: ({ params, body }) => feeding.setSchedule(params.name, body.schedule),
    checkSource: ({ body, local }) => {
      if (!local && /^(file:|\/|sqlite:)/.test(body.uri)) {
        throw new SlipwayError('LAUNCH_PATH_REFUSED', {
          message: 'a path on the server was named from another machine',
          fix: 'Upload the file, or name a source that the server reaches by itself.',
        });
      }
      return feeding.checkSource(body);
    },
    flushPushed: ({ params }) => feeding.flush(params.name),
  } satisfies Partial<Handlers>;
}

function versionHandlers({ feeding, collect }: App) {
  return {
    diffDataset: ({ params, query }) => feeding.diff(params.name, query),
    createBranch: ({ params, body }) => feeding.createBranch(params.name, body),
    removeBranch: async ({ params }) => {
      await feeding.removeBranch(params.name, params.branch);
      return { removed: params.branch };
    },
    createTag: ({ params, body }) => feeding.createTag(params.name, body),
    removeTag: async ({ params }) => {
      await feeding.removeTag(params.name, params.tag);
      return { removed: params.tag };
    },
    listProposals: ({ query }) => feeding.listProposals(query),
    createProposal: ({ params, body }) => feeding.createProposal(params.name, body),
    getProposal: ({ params }) => feeding.getProposal(params.id),
    reviewProposal: ({ params, body }) => feeding.reviewProposal(params.id, body),
    mergeProposal: ({ params }) => feeding.mergeProposal(params.id),
    closeProposal: ({ params }) => feeding.closeProposal(params.id),
    collectGarbage: ({ body }) => collect(body),
  } satisfies Partial<Handlers>;
}
