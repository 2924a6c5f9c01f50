import { readClientEnv } from '../app/config.ts';

/** Where a command speaks: results on stdout, talk on stderr. */
export interface Io {
  /** Writes a result line. */
  out(line: string): void;
  /** Writes a line of talk. */
  say(line: string): void;
  /** Rewrites the status line of a terminal; '' clears it. Nothing where stderr is no terminal. */
  status(line: string): void;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  readonly paint: Paint;
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue';
export type Paint = (style: Style, text: string) => string;

const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
};

export function createIo(): Io {
  const { noColor, ci } = readClientEnv();
  const outIsTerminal = process.stdout.isTTY === true;
  const errIsTerminal = process.stderr.isTTY === true && !ci;
  let shown = false;
  const status = (line: string) => {
    if (!errIsTerminal || (line === '' && !shown)) return;
    const width = Math.max(20, (process.stderr.columns ?? 80) - 1);
    process.stderr.write(`\r\x1b[2K${line.slice(0, width)}`);
    shown = line !== '';
  };
  // A reader that went away (`| head`) is no failure of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    out: (line) => {
      status('');
      process.stdout.write(`${line}\n`);
    },
    say: (line) => {
      status('');
      process.stderr.write(`${line}\n`);
    },
    status,
    outIsTerminal,
    errIsTerminal,
    paint: createPaint((outIsTerminal || errIsTerminal) && !noColor),
  };
}

export function createPaint(colored: boolean): Paint {
  if (!colored) return (_style, text) => text;
  return (style, text) => `\x1b[${CODES[style][0]}m${text}\x1b[${CODES[style][1]}m`;
}
