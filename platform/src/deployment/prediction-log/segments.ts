import { readdirSync, readFileSync, statSync, truncateSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { FRAME_BYTES, frameAt } from './record.ts';

/** Segment files are named by the time of their first record (12 hex digits of milliseconds), so that an id finds its segment. */
const NAME = /^[0-9a-f]{12}\.log$/;

export function segmentNames(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => NAME.test(name))
    .sort();
}

export function segmentName(timeMs: number): string {
  return `${timeMs.toString(16).padStart(12, '0')}.log`;
}

/** The segment that holds ids of this time: the last that begins at or before it. */
export function segmentFor(names: readonly string[], timeMs: number): string | undefined {
  const key = segmentName(timeMs);
  let found: string | undefined;
  for (const name of names) if (name <= key) found = name;
  return found;
}

/** Cuts a tail that a crash left half-written. Everything before it was acknowledged or is whole. Returns the sound length. */
export function repairTail(folder: string, name: string): number {
  const path = join(folder, name);
  const bytes = readFileSync(path);
  let offset = 0;
  for (let frame = frameAt(bytes, offset, true); frame !== undefined; frame = frameAt(bytes, offset, true))
    offset = frame.end;
  if (offset < bytes.length) truncateSync(path, offset);
  return offset;
}

/** Deletes the oldest segments beyond the limit; the newest stays. */
export function enforceRetention(folder: string, bytesMax: number): void {
  const names = segmentNames(folder);
  const sizes = names.map((name) => statSync(join(folder, name)).size);
  let total = sizes.reduce((sum, size) => sum + size, 0);
  for (let i = 0; i < names.length - 1 && total > bytesMax; i++) {
    unlinkSync(join(folder, names[i]!));
    total -= sizes[i]!;
  }
}

/** Payload places of whole frames from `offset` on. */
export function* frames(
  bytes: Buffer,
  offset: number,
): Generator<{ start: number; end: number; next: number }> {
  for (let frame = frameAt(bytes, offset, true); frame !== undefined; frame = frameAt(bytes, offset, true)) {
    yield { ...frame, next: frame.end };
    offset = frame.end;
  }
}

/** The frame that covers byte `position`, by hopping over lengths. */
export function frameCovering(bytes: Buffer, position: number): { start: number; end: number } | undefined {
  let offset = 0;
  while (offset + FRAME_BYTES <= bytes.length) {
    const frame = frameAt(bytes, offset, false);
    if (frame === undefined) return undefined;
    if (position < frame.end) return frame;
    offset = frame.end;
  }
  return undefined;
}
