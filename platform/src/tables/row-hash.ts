import { type Column, cellText, type NumericColumn, type StringColumn } from './table.ts';

/** Numbers of one column whose hash is remembered. */
const KNOWN_HASHES_MAX = 300_000;

/**
 * A stable 53-bit hash per row over the given columns, keyed: equal content gives an equal hash in every snapshot and on every
 * machine. Two 32-bit FNV-1a style lanes with murmur3 finalisation; not cryptographic, the key only decorrelates splits.
 *
 * @returns one value in [0, 1) per row
 */
export function rowUnitHashes(columns: readonly Column[], rows: number, key: string): Float64Array {
  const high = new Uint32Array(rows).fill(textHash(key, 0x811c9dc5));
  const low = new Uint32Array(rows).fill(textHash(key, 0x1b873593));
  for (const column of columns) {
    const hashOf = column.type === 'string' ? textHashes(column) : numberHashes(column);
    for (let i = 0; i < rows; i++) {
      const hash = hashOf(i);
      high[i] = mix(high[i]! ^ hash);
      low[i] = mix(Math.imul(low[i]!, 31) + hash + 1);
    }
  }
  const out = new Float64Array(rows);
  for (let i = 0; i < rows; i++) out[i] = ((high[i]! >>> 5) * 67108864 + (low[i]! >>> 6)) / 9007199254740992;
  return out;
}

function textHashes({ codes, dictionary }: StringColumn): (row: number) => number {
  const byCode = Uint32Array.from(dictionary, (text) => textHash(text, 0x811c9dc5));
  const ofMissing = textHash('', 0x811c9dc5);
  return (row) => (codes[row] === -1 ? ofMissing : byCode[codes[row]!]!);
}

/** Writing a number or date as text is what costs, and columns repeat theirs. */
function numberHashes(column: NumericColumn): (row: number) => number {
  const known = new Map<number, number>();
  return (row) => {
    const value = column.values[row]!;
    const found = known.get(value);
    if (found !== undefined) return found;
    const hash = textHash(cellText(column, row), 0x811c9dc5);
    if (known.size < KNOWN_HASHES_MAX) known.set(value, hash);
    return hash;
  };
}

function textHash(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash ^ text.length);
}

function mix(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
