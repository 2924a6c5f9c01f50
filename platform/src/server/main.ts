import type { ConfigOptions } from '../app/config.ts';
import { toSlipwayError } from '../kernel/errors.ts';
import { serve } from './serve.ts';
import type { SpawnedOptions, SpawnedWord } from './spawn.ts';

/** The server as a process of its own, started by `spawnServer`; options come as one JSON argument, answers go over IPC. */
const { untilParentEnds, ...options } = JSON.parse(process.argv[2] ?? '{}') as ConfigOptions & SpawnedOptions;

const tell = (word: SpawnedWord) =>
  new Promise<void>((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(word, () => resolve());
  });

try {
  const { server, stop } = await serve(options);
  if (untilParentEnds === true) {
    if (!process.connected) void stop();
    process.once('disconnect', () => void stop());
  }
  await tell({ type: 'ready', url: server.url });
} catch (error) {
  const named = toSlipwayError(error);
  await tell({ type: 'failed', error: named.toJSON(), exit: named.spec.exit });
  if (named.spec.kind === 'bug') console.error(error);
  process.exit(named.spec.exit);
}
