import type { CommandRun, OptionSpec } from './command.ts';

/** A command of the feeding room, without the options that all have. */
export type Arg = readonly [name: string, about: string];

export interface Entry {
  readonly words: readonly string[];
  readonly summary: string;
  readonly args?: readonly Arg[];
  readonly options?: readonly OptionSpec[];
  readonly examples: readonly string[];
  readonly load: () => Promise<CommandRun>;
}

export const NAME: Arg = ['<name>', 'name of the data set'];
export const option = (flags: string, about: string, more: Partial<OptionSpec> = {}): OptionSpec => ({
  flags,
  about,
  ...more,
});
export const VERSION_NOTE = 'version, tag or branch';
