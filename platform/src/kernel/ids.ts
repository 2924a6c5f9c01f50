import { randomBytes } from 'node:crypto';
import type { Clock } from './clock.ts';

/** Makes ids: UUID version 7 (RFC 9562) as 32 lower-case hex digits, so that text order is time order. */
export type IdSource = () => string;

export function createIdSource(clock: Clock): IdSource {
  let lastMs = 0;
  let counter = 0;
  return () => {
    const now = clock.now();
    // Within one millisecond a 12-bit counter keeps ids of this process in order; a clock that steps back keeps the last time.
    if (now > lastMs) {
      lastMs = now;
      counter = randomBytes(2).readUInt16BE(0) & 0x3ff;
    } else if (++counter > 0xfff) {
      lastMs++;
      counter = 0;
    }
    const random = randomBytes(8);
    random[0] = (random[0]! & 0x3f) | 0x80;
    const time = lastMs.toString(16).padStart(12, '0');
    return `${time}7${counter.toString(16).padStart(3, '0')}${random.toString('hex')}`;
  };
}

/** The time in an id made by `createIdSource`, in epoch milliseconds; NaN when `id` is not such an id. */
export function idTimeMs(id: string): number {
  return /^[0-9a-f]{12}7[0-9a-f]{19}$/.test(id) ? Number.parseInt(id.slice(0, 12), 16) : Number.NaN;
}
