import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import type { ExitCode } from '../kernel/errors.ts';
import { builtModule } from '../kernel/module-path.ts';
import { failureLines, failureOf } from './failure.ts';
import { createIo, type Io } from './io.ts';
import { commanderExit, createProgram } from './program.ts';

/** The `slipway` command: parses, runs, and ends with an exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  process.exitCode = await runCommandLine(argv.slice(2), createIo());
}

/** @param words what stands after `slipway` */
export async function runCommandLine(words: readonly string[], io: Io): Promise<ExitCode> {
  let exit: ExitCode = 0;
  const program = createProgram(readVersion(), io, async (spec, args, options) => {
    const run = await spec.load();
    exit = await run({ args, options, io });
  });
  try {
    if (words.length === 0) {
      io.out(program.helpInformation().trimEnd());
      return 2;
    }
    await program.parseAsync([...words], { from: 'user' });
    return exit;
  } catch (error) {
    return tellFailure(error, words, io);
  }
}

function tellFailure(thrown: unknown, words: readonly string[], io: Io): ExitCode {
  let error = thrown;
  if (error instanceof CommanderError) {
    try {
      return commanderExit(error);
    } catch (usage) {
      error = usage;
    }
  }
  const failure = failureOf(error);
  if (words.includes('--json')) {
    // `launch` promises exactly one last result, also when it could not even be understood.
    const kind = words[0] === 'launch' ? { type: 'result', ok: false, seconds: 0, links: {} } : { ok: false };
    io.out(JSON.stringify({ ...kind, error: failure.error }));
  }
  for (const line of failureLines(failure, io.paint)) io.say(line);
  return failure.exit;
}

function readVersion(): string {
  const path = new URL('../../package.json', builtModule(import.meta.url, './main.js'));
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
