import type { LaunchResult } from '../contracts/launch.ts';
import { errorSpec } from '../kernel/errors.ts';

/** Adds the exit code a command line ends with: only this process knows every code. */
export function launchResultWithExit(result: LaunchResult): LaunchResult {
  const exit = result.error === undefined ? (result.ok ? 0 : 1) : (errorSpec(result.error.code)?.exit ?? 1);
  return { ...result, exit };
}
