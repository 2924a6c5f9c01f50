import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../contracts/client.ts';
import type { LaunchLine, LaunchResult } from '../contracts/launch.ts';
import { pathOf, STREAMS } from '../contracts/routes.ts';
import { type Connection, isAlive } from './connect.ts';
import { CommandError } from './failure.ts';

/** A broken stream is resumed this often, with growing pauses, before the server counts as gone. */
const RETRIES_MAX = 6;
const PAUSE_MS = 150;

export interface Followed {
  readonly runId: string;
  readonly onLine: (line: Exclude<LaunchLine, LaunchResult>) => void;
  /** The result as far as the launch has come, after each completed step: what is known if the server dies. */
  readonly onPartial: (partial: LaunchResult) => void;
  readonly signal: AbortSignal;
}

/**
 * Follows a launch to its result, over broken connections.
 *
 * @throws SERVER_UNREACHABLE when the server ended or stays silent; CANCELLED when aborted.
 */
export async function followLaunch(connection: Connection, followed: Followed): Promise<LaunchResult> {
  const { runId, onLine, onPartial, signal } = followed;
  let lastEventId: string | undefined;
  for (let failures = 0; ; failures++) {
    try {
      const path = pathOf(STREAMS.run, { id: runId });
      for await (const event of connection.client.stream(path, { lastEventId, signal })) {
        failures = 0;
        lastEventId = event.id === '' ? lastEventId : event.id;
        const line = JSON.parse(event.data) as LaunchLine;
        if (line.type === 'result') return line;
        onLine(line);
        if (line.type === 'step' && line.status === 'completed') {
          void connection.client
            .call('getLaunch', { params: { id: runId } })
            .then(onPartial, () => undefined);
        }
      }
    } catch (error) {
      if (signal.aborted) throw cancelled();
      if (!(error instanceof ApiError) || error.status !== 0) throw error;
    }
    if (failures >= RETRIES_MAX || isGone(connection)) throw lost(connection);
    await sleep(PAUSE_MS * 2 ** failures, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) throw cancelled();
  }
}

function isGone({ pid }: Connection): boolean {
  return pid !== undefined && !isAlive(pid);
}

function lost({ url, remote }: Connection): CommandError {
  return new CommandError(
    {
      code: 'SERVER_UNREACHABLE',
      message: `the server at ${url} ended or is out of reach while the launch ran`,
      fix: remote
        ? 'When it answers again, run the same command: finished steps are not redone.'
        : 'Run the same command again: finished steps are not redone. The log is server.log in the home folder.',
    },
    1,
  );
}

function cancelled(): CommandError {
  return new CommandError({ code: 'CANCELLED', message: 'the command was interrupted' }, 1);
}
