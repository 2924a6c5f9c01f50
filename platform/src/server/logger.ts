import { type Logger, pino } from 'pino';

/**
 * The server's log, on stderr: one JSON object a line, or plain lines on a terminal.
 *
 * @param level pino level; unknown ones become 'info'
 */
export function createLogger(level: string): Logger {
  const known = level === 'silent' || level in pino.levels.values;
  const options = { level: known ? level : 'info', base: undefined };
  if (process.stderr.isTTY !== true) return pino(options, pino.destination({ dest: 2, sync: true }));
  return pino(options, { write: (line: string) => process.stderr.write(plainLine(line)) });
}

function plainLine(line: string): string {
  const { time, level, msg, err } = JSON.parse(line) as {
    time: number;
    level: number;
    msg?: string;
    err?: { stack?: string };
  };
  const label = pino.levels.labels[level] ?? String(level);
  const stack = err?.stack === undefined ? '' : `\n${err.stack}`;
  return `${new Date(time).toISOString().slice(11, 19)} ${label.padEnd(5)} ${msg ?? ''}${stack}\n`;
}
