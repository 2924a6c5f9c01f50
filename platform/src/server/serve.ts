import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import { type Config, type ConfigOptions, readConfig } from '../app/config.ts';
import type { RunningServer } from './start.ts';
import { withToken } from './token.ts';

/** A close that takes longer is cut off: what was acknowledged is durable anyway. */
const CLOSE_MS_MAX = 15_000;

export interface Served {
  readonly config: Config;
  readonly server: RunningServer;
  /** Closes and ends the process. */
  stop(): Promise<never>;
}

/**
 * Opens the home and listens, in this process, until a signal says stop.
 *
 * @throws what opening the home or the port throws; nothing is left open then.
 */
export async function serve(options: ConfigOptions): Promise<Served> {
  const config = await withToken(readConfig(options, undefined, availableParallelism()));
  const [{ openApp }, { startServer }, { createLogger }] = await Promise.all([
    import('../app/wiring.ts'),
    import('./start.ts'),
    import('./logger.ts'),
  ]);
  const logger = createLogger(config.logLevel);
  const app = await openApp(config);
  const server = await startServer(app, { logger: quieter(logger) }).catch(async (error: unknown) => {
    await app.close();
    throw error;
  });
  const stop = createStop(server, (error) => logger.error({ err: error }, 'closing failed'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'uncaught: the server stops');
    process.exitCode = 1;
    void stop();
  });
  return { config, server, stop };
}

/** The framework tells at level 'info' what the command tells already (where it listens). */
function quieter(logger: Logger): Logger {
  return logger.child({}, { level: logger.level === 'info' ? 'warn' : logger.level });
}

/** The first call closes, a second one (an impatient Ctrl-C) ends at once. */
function createStop(server: RunningServer, onError: (error: unknown) => void): () => Promise<never> {
  let stopping = false;
  return async () => {
    if (stopping) process.exit(1);
    stopping = true;
    setTimeout(() => process.exit(1), CLOSE_MS_MAX).unref();
    try {
      await server.close();
    } catch (error) {
      onError(error);
      process.exitCode = 1;
    }
    process.exit();
  };
}
