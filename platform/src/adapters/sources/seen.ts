import { createHash } from 'node:crypto';
import type { SourcePosition } from '../../feeding/ports.ts';

/**
 * Which files were read already, for sources that are many files. A mark stands for a name and its version together, so that a changed
 * file counts as new. Nine bytes each: a hundred thousand objects cost 1.2 MB, and among a million the chance of one mistaken for another
 * is one in ten thousand millions.
 */
const MARK_BYTES = 9;

export function markOf(name: string, version: string): string {
  return createHash('sha256')
    .update(`${name}\n${version}`)
    .digest()
    .subarray(0, MARK_BYTES)
    .toString('base64url');
}

export function seenMarks(position: SourcePosition | null): ReadonlySet<string> {
  const seen = position?.['seen'];
  return new Set(Array.isArray(seen) ? seen.map(String) : []);
}

/** Only what is there now: marks of files that are gone would pile up. */
export function seenPosition(marks: readonly string[]): SourcePosition {
  return { seen: [...marks].sort() };
}
