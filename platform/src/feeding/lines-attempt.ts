import type { PlannedColumn } from './infer-types.ts';
import { readCells } from './json-cells.ts';
import type { JsonRecord } from './json-records.ts';
import { type JsonFacts, KeyTable, SAMPLE_RECORDS } from './json-survey.ts';
import type { LineKernel } from './lines-kernel.ts';
import type { Cell, SpoolColumn } from './parquet-spool.ts';
import type { Quarantine } from './quarantine.ts';

/** Where rows go. */
export interface RowSink {
  add(rows: number, columns: readonly SpoolColumn[]): void;
  addRow(cells: readonly Cell[]): void;
}

export interface AttemptOptions {
  readonly keys: readonly string[];
  readonly columns: readonly PlannedColumn[];
  readonly samples: JsonFacts['sample'];
  readonly kernel: LineKernel;
  readonly spool: RowSink;
  readonly quarantine: Pick<Quarantine, 'add' | 'count'>;
  readonly fileName: string;
}

/** When more records than this, and than this share, are refused, the types are wrong: from there on only counting goes on. */
const REFUSED_FREE = 1000;
const REFUSED_SHARE_MAX = 0.1;

/** What a reading of NDJSON does with the records that the kernel leaves, and with the columns that it fills. */
export class LinesAttempt {
  private readonly options: AttemptOptions;
  private readonly table: KeyTable;
  private readonly misfits: Float64Array;
  private readonly present: Float64Array;
  private broken = 0;
  private gaveUp = false;

  constructor(options: AttemptOptions) {
    this.options = options;
    const { keys, columns, fileName } = options;
    this.table = new KeyTable(fileName, SAMPLE_RECORDS);
    for (const key of keys) this.table.columnOf(key);
    this.misfits = new Float64Array(columns.length);
    this.present = new Float64Array(columns.length);
  }

  /** A record that the kernel stopped in front of. */
  look(source: JsonRecord): void {
    const { keys, columns, quarantine } = this.options;
    const read = readCells(source, keys, columns);
    if (read.record === undefined) this.broken++;
    else this.table.countRecord(read.record);
    if (this.gaveUp) return;
    if ('cells' in read) this.append(read.cells.map((cell, i) => cellOf(cell, columns[i]!)));
    else {
      if (read.misfit !== undefined) this.misfits[read.misfit]!++;
      quarantine.add(read.rejection);
    }
  }

  /** Moves the rows in the kernel to the spool. */
  flush(): void {
    const { kernel, spool, columns } = this.options;
    kernel.drain((rows, spooled, present) => {
      if (this.gaveUp) return;
      spool.add(rows, spooled);
      for (let i = 0; i < columns.length; i++) this.present[i]! += present[i]!;
    });
  }

  mayGiveUp(records: number): void {
    const { quarantine, kernel } = this.options;
    if (this.gaveUp || quarantine.count <= Math.max(REFUSED_FREE, REFUSED_SHARE_MAX * records)) return;
    this.gaveUp = true;
    kernel.countOnly();
  }

  result(records: number) {
    const { keys, samples, kernel } = this.options;
    const { table, broken, misfits, present, gaveUp } = this;
    keys.forEach((key, i) => void kernel.addCounts(i, table.columnOf(key).counts));
    const { keys: all, counts, sample } = table.facts(records - broken);
    const facts: JsonFacts = {
      records,
      broken,
      keys: all,
      counts,
      sample: sample.map((late, i) => samples[i] ?? late),
      spooled: false,
    };
    return { facts, misfits, present, gaveUp };
  }

  private append(cells: readonly Cell[]): void {
    const { kernel, spool } = this.options;
    if (kernel.append(cells)) return;
    this.flush();
    if (kernel.append(cells)) return;
    spool.addRow(cells);
    for (const [i, cell] of cells.entries()) if (cell !== undefined) this.present[i]!++;
  }
}

/** As the column takes it, from the text that would stand in a file. */
export function cellOf(text: string, { type }: PlannedColumn): Cell {
  // As the casts have it: white space is nothing.
  if (type === 'string') return /^ *$/.test(text) ? undefined : text;
  if (text === '') return undefined;
  if (type === 'boolean') return text === 'true' ? 1 : 0;
  return type === 'date' || type === 'timestamp' ? Date.parse(text) : Number(text);
}
