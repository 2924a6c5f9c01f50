import { setTimeout as sleep } from 'node:timers/promises';
import { isLoopback } from '../server/access.ts';
import { readServerFile } from '../server/server-file.ts';
import type { CommandRun, CommonOptions } from './command.ts';
import { attach, homeOf, isAlive } from './connect.ts';
import { CommandError } from './failure.ts';
import { readPort } from './launch-options.ts';

const STOP_MS_MAX = 20_000;

interface UpOptions extends CommonOptions {
  readonly port?: string;
  readonly host?: string;
}

/** `slipway up`: the server in the foreground, until Ctrl-C. */
export const up: CommandRun = async ({ options, io }) => {
  const { home, port, host, json } = options as UpOptions;
  const portNumber = readPort(port);
  const { serve } = await import('../server/serve.ts');
  const { server, config } = await serve({
    ...(home === undefined ? {} : { home }),
    ...(portNumber === undefined ? {} : { port: portNumber }),
    ...(host === undefined ? {} : { host }),
  });
  const { token } = config;
  const page = token === undefined ? server.url : `${server.url}/session?token=${encodeURIComponent(token)}`;
  if (json) {
    io.out(JSON.stringify({ type: 'ready', url: server.url, pid: process.pid, home: config.home }));
  } else {
    io.out(`Slipway  ${page}`);
    io.say(io.paint('dim', `home     ${config.home}`));
    if (token !== undefined) {
      io.say(io.paint('dim', `token    ${token}   (SLIPWAY_TOKEN for the command line; callers need it)`));
    }
    if (!isLoopback(config.host)) io.say(io.paint('yellow', 'Other machines can reach this server.'));
    io.say(io.paint('dim', 'Ctrl-C stops it.'));
  }
  // The process stays until a signal ends it (serve installs the handlers).
  return new Promise<never>(() => undefined);
};

/** `slipway stop`: asks the server of this home to close, and waits for it. */
export const stop: CommandRun = async ({ options, io }) => {
  const { home, json } = options as CommonOptions;
  const folder = homeOf(home);
  const running = await attach(folder);
  const file = await readServerFile(folder);
  if (running === undefined || file === undefined) {
    if (json) io.out(JSON.stringify({ stopped: false }));
    else io.say(`no server runs for ${folder}`);
    return 0;
  }
  process.kill(file.pid, 'SIGTERM');
  const deadline = performance.now() + STOP_MS_MAX;
  while (isAlive(file.pid) && (await readServerFile(folder))?.pid === file.pid) {
    if (performance.now() > deadline) {
      throw new CommandError(
        {
          code: 'TIMED_OUT',
          message: `the server (process ${file.pid}) did not end in ${STOP_MS_MAX / 1000} s`,
          fix: `End it with \`kill -9 ${file.pid}\`: nothing acknowledged is lost.`,
        },
        1,
      );
    }
    await sleep(20);
  }
  if (json) io.out(JSON.stringify({ stopped: true, pid: file.pid }));
  else io.say(`stopped the server at ${file.url}`);
  return 0;
};
