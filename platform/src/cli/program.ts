import { Command, type CommanderError, Option } from 'commander';
import type { ExitCode } from '../kernel/errors.ts';
import type { CommandSpec, OptionSpec } from './command.ts';
import { COMMANDS, GROUPS } from './commands.ts';
import { usageError } from './failure.ts';
import type { Io } from './io.ts';

export type Execute = (
  spec: CommandSpec,
  args: readonly (string | undefined)[],
  options: Record<string, unknown>,
) => Promise<void>;

export const EXIT_CODES =
  'Exit codes: 0 ok, 1 failure, 2 usage or unreadable content, 3 not found, 4 not allowed, 5 conflict, 6 the gate refused.';

/** Commander's program, made of the table of commands. Nothing is printed by it but help and the version. */
export function createProgram(version: string, io: Pick<Io, 'out' | 'say'>, execute: Execute): Command {
  const prepared = (command: Command) => prepare(command, io);
  const program = prepared(new Command('slipway'))
    .description(
      'Machine-learning infrastructure: from source rows to a validated, served and monitored model.',
    )
    .version(version, '-V, --version', 'print the version')
    .addHelpText('after', `\n${EXIT_CODES}\nExample:\n  $ slipway launch rows.csv --target outcome`);
  const groups = new Map<string, Command>();
  for (const spec of COMMANDS) {
    const [first, second] = spec.words as [string, string?];
    if (second === undefined) {
      program.addCommand(commandOf(spec, prepared(new Command(first)), execute));
      continue;
    }
    let group = groups.get(first);
    if (group === undefined) {
      group = prepared(new Command(first)).description(GROUPS[first] ?? '');
      groups.set(first, group);
      program.addCommand(group);
    }
    group.addCommand(commandOf(spec, prepared(new Command(second)), execute));
  }
  return program;
}

/** Turns commander's way of ending into an exit code, or a usage error to be told like any other. */
export function commanderExit(error: CommanderError): ExitCode {
  if (error.exitCode === 0 || error.code === 'commander.help') return error.exitCode === 0 ? 0 : 2;
  const [what, hint] = error.message.replace(/^error: /, '').split('\n');
  const near = /^\(Did you mean (.+)\?\)$/.exec(hint ?? '')?.[1];
  throw usageError(
    what!,
    near === undefined
      ? 'See `slipway <command> --help`.'
      : `Did you mean ${near}? See \`slipway <command> --help\`.`,
  );
}

function commandOf(spec: CommandSpec, command: Command, execute: Execute): Command {
  command.description(spec.summary);
  for (const { name: arg, about } of spec.args ?? []) command.argument(arg, about);
  for (const option of spec.options ?? []) command.addOption(optionOf(option));
  command.addHelpText(
    'after',
    `\n${spec.examples.length > 1 ? 'Examples' : 'Example'}:\n${spec.examples.map((line) => `  $ ${line}`).join('\n')}`,
  );
  command.action(async (...given: unknown[]) => {
    const args = given.slice(0, spec.args?.length ?? 0) as (string | undefined)[];
    await execute(spec, args, command.opts());
  });
  return command;
}

function optionOf({ flags, about, choices, repeatable, required, defaultText }: OptionSpec): Option {
  const notes = [
    ...(required ? ['required'] : []),
    ...(choices === undefined ? [] : [choices.join(', ')]),
    ...(defaultText === undefined ? [] : [`default: ${defaultText}`]),
    ...(repeatable ? ['repeatable'] : []),
  ];
  const option = new Option(flags, notes.length === 0 ? about : `${about} (${notes.join('; ')})`);
  if (required) option.makeOptionMandatory();
  if (repeatable || choices !== undefined) {
    option.argParser((value: string, previous: unknown) => {
      if (choices !== undefined && !choices.includes(value)) {
        throw usageError(`'${value}' is not a value of ${option.long}`, `Use one of ${choices.join(', ')}.`);
      }
      return repeatable ? [...((previous as string[] | undefined) ?? []), value] : value;
    });
  }
  return option;
}

function prepare(command: Command, io: Pick<Io, 'out' | 'say'>): Command {
  return command
    .exitOverride()
    .allowExcessArguments(false)
    .showSuggestionAfterError(true)
    .configureHelp({ helpWidth: 110 })
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.say(text.trimEnd()),
      // Usage errors are told by `failureLines`, like all others.
      outputError: () => undefined,
    });
}
