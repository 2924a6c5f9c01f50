import type { Hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { CsvColumns } from './csv-columns.ts';
import { RowCheck, structural, wrongType } from './csv-enforce.ts';
import { type CsvShape, newParser } from './csv-source.ts';
import { type Dialect, sampleRecords } from './dialect.ts';
import { fieldKind, KINDS } from './field-kind.ts';
import type { PlannedColumn } from './infer-types.ts';
import type { Quarantine } from './quarantine.ts';
import type { RecordParser } from './record-parser.ts';
import { SCAN_BUFFER_BYTES, type ScannedRecord, scanRecords } from './record-scan.ts';
import type { PlainSource } from './source-file.ts';
import { SurveyKernel } from './survey-kernel.ts';

export interface CsvFacts {
  /** Records, broken ones included. */
  readonly records: number;
  readonly broken: number;
  /** Fields by column and kind in records that are whole. */
  readonly counts: Float64Array;
  /** What the expected columns refused; undefined when nothing was expected, or too much was refused to go on. */
  readonly refused: Refused | undefined;
}

export interface Refused {
  readonly quarantine: Quarantine;
  /** As `CsvFacts.counts`, of the whole records that are in the quarantine. */
  readonly counts: Float64Array;
  /** Where the quarantined records begin in the source, ascending. */
  readonly offsets: readonly number[];
}

export interface SurveyOptions {
  readonly path: string;
  readonly dialect: Dialect;
  readonly hash?: Hash;
  /** Types that the source probably has: records that do not fit them are quarantined on the way. */
  readonly expected?: { readonly columns: readonly PlannedColumn[]; readonly quarantine: Quarantine };
  /** Where the records that fit go, typed; only with `expected`. */
  readonly columns?: CsvColumns;
  readonly onChunk: (records: number, bytes: number) => void;
}

/** When more records than this, and than this share, do not fit, the expected types are wrong. */
const REFUSED_FREE = 1000;
const REFUSED_SHARE_MAX = 0.1;

/** One pass over all bytes: counts records, looks at every field, hashes, and refuses what does not fit. */
export async function surveyCsv(options: SurveyOptions): Promise<CsvFacts> {
  const { path, dialect, hash, onChunk, expected } = options;
  const columns = dialect.columnNames.length;
  const counts = new Float64Array(columns * KINDS);
  const parser = newParser(dialect);
  const kernel =
    options.columns ?? (dialect.returnEnds ? undefined : new SurveyKernel(dialect, SCAN_BUFFER_BYTES));
  let broken = 0;
  let refusal = expected === undefined ? undefined : new Refusal(expected.columns, expected.quarantine);
  kernel?.expect(expected?.columns);
  const records = await scanRecords({
    path,
    parser,
    columns,
    skipBytes: dialect.skipBytes,
    header: dialect.header,
    hash,
    kernel,
    onRecord: (record) => {
      if (record.problem === undefined) countKinds(record.buffer, parser, counts);
      else broken++;
      const misfit = refusal?.look(record) ?? -1;
      if (record.problem === undefined) options.columns?.append(record, misfit);
    },
    onChunk: async (rows, bytes) => {
      onChunk(rows, bytes);
      await refusal?.drain();
      if (refusal?.isTooMuch(rows)) {
        await refusal.give();
        refusal = undefined;
        kernel?.expect(undefined);
      }
    },
  });
  kernel?.addCounts(counts);
  return { records, broken, counts, refused: await refusal?.give() };
}

/** Puts records that do not fit into the quarantine, with the reasons that `enforceCsv` would give. */
class Refusal implements Refused {
  readonly counts: Float64Array;
  readonly offsets: number[] = [];
  readonly quarantine: Quarantine;
  private readonly check: RowCheck;
  private readonly columns: readonly PlannedColumn[];

  constructor(columns: readonly PlannedColumn[], quarantine: Quarantine) {
    this.columns = columns;
    this.quarantine = quarantine;
    this.counts = new Float64Array(columns.length * KINDS);
    this.check = new RowCheck(columns, 'verbatim');
  }

  /** @returns the column that refuses a whole record, or -1 */
  look(record: ScannedRecord): number {
    const { columns, quarantine } = this;
    let misfit = -1;
    if (record.problem !== undefined) quarantine.add(structural(record, columns.length));
    else {
      misfit = this.check.check(record.buffer, record.parser);
      if (misfit < 0) return misfit;
      countKinds(record.buffer, record.parser, this.counts);
      quarantine.add(wrongType(record, columns[misfit]!, misfit));
    }
    this.offsets.push(record.byteOffset);
    return misfit;
  }

  isTooMuch(records: number): boolean {
    return this.offsets.length > Math.max(REFUSED_FREE, REFUSED_SHARE_MAX * records);
  }

  drain(): Promise<void> {
    return this.quarantine.drain();
  }

  async give(): Promise<Refused> {
    await this.quarantine.close();
    return this;
  }
}

function countKinds(buffer: Uint8Array, parser: RecordParser, counts: Float64Array): void {
  const { starts, stops, masks, count } = parser;
  let base = 0;
  for (let field = 0; field < count; field++) {
    const kind = fieldKind(buffer, starts[field]!, stops[field]!, masks[field]!);
    counts[base + kind]!++;
    base += KINDS;
  }
}

const BLOCKS = 8;
const BLOCK_BYTES = 1 << 15;

/**
 * Counts of kinds (see `CsvFacts.counts`) in a sample: the front, and some blocks over the whole source, so that a fraction that comes
 * late does not surprise. A block may begin inside a quoted text: the counts are a guess, and taken for no more.
 */
export async function sampleCounts(source: PlainSource, shape: CsvShape): Promise<Float64Array> {
  const { dialect } = shape;
  const columns = dialect.columnNames.length;
  const counts = new Float64Array(columns * KINDS);
  const add = (row: { readonly kinds: readonly number[] }) => {
    if (row.kinds.length === columns)
      row.kinds.forEach((kind, column) => void counts[column * KINDS + kind]!++);
  };
  shape.sample.forEach(add);
  if (source.bytes < 2 * BLOCKS * BLOCK_BYTES) return counts;
  const file = await open(source.path, 'r');
  try {
    const block = Buffer.alloc(BLOCK_BYTES);
    for (let i = 1; i <= BLOCKS; i++) {
      const position = Math.floor(((source.bytes - BLOCK_BYTES) * i) / BLOCKS);
      const { bytesRead } = await file.read(block, 0, BLOCK_BYTES, position);
      const lines = block.subarray(block.indexOf(0x0a) + 1, bytesRead);
      sampleRecords(lines, { delimiter: dialect.delimiter, whole: false, recordsMax: BLOCK_BYTES }).forEach(
        add,
      );
    }
  } finally {
    await file.close();
  }
  return counts;
}
