import type { ExitCode } from '../kernel/errors.ts';
import type { Io } from './io.ts';

/** A command is data: help, parsing and documentation are made of it; its code is loaded only when it runs. */
export interface CommandSpec {
  /** Words after `slipway`, e.g. ['models', 'ls']. */
  readonly words: readonly string[];
  readonly summary: string;
  /** In commander's notation: `<file>` is required, `[name]` is not. */
  readonly args?: readonly { readonly name: string; readonly about: string }[];
  readonly options?: readonly OptionSpec[];
  /** Complete command lines. */
  readonly examples: readonly string[];
  readonly load: () => Promise<CommandRun>;
}

export interface OptionSpec {
  /** e.g. '--target <column>'. */
  readonly flags: string;
  readonly about: string;
  readonly choices?: readonly string[];
  /** May be given several times; the values are gathered. */
  readonly repeatable?: boolean;
  readonly required?: boolean;
  /** Shown in help; the command fills it in. */
  readonly defaultText?: string;
}

export interface CommandInput {
  readonly args: readonly (string | undefined)[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly io: Io;
}

export type CommandRun = (input: CommandInput) => Promise<ExitCode>;

/** Options every command has, as commander leaves them. */
export interface CommonOptions {
  readonly home?: string;
  readonly url?: string;
  readonly json?: boolean;
}
