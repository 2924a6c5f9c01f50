import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type EngineSession, sqlName, sqlText } from '../ports/engine.ts';
import { parseDate } from '../tables/dates.ts';
import type { DirectPlan, DirectReading } from './csv-direct.ts';
import { fieldKind, KINDS } from './field-kind.ts';
import { ASK, isTextAfterAll, MISSING, type PlannedColumn } from './infer-types.ts';
import { ASKED, FINE, LineKernel, STOP_FULL, STOP_LIMIT } from './lines-kernel.ts';
import { type Cell, ParquetSpool } from './parquet-spool.ts';
import { copySql, partPathIn } from './part-file.ts';
import { fieldText } from './record-parser.ts';
import { SCAN_BUFFER_BYTES, type ScannedRecord } from './record-scan.ts';

/** Beyond, columns take more memory than they save time. */
const COLUMNS_MAX = 400;
const ISO_DATE = /^\d{4}-\d\d-\d\d/;
/** A parser has milliseconds. */
const FINE_DATE = /[.,]\d{4}/;

/** Whether the compiled kernel reads the types of the plan: dates in ISO's order, nothing that only a parser can say. */
export function hasColumns(
  plan: DirectPlan,
  samples: readonly { readonly texts: readonly string[] }[],
): boolean {
  const { dialect, columns, layouts } = plan;
  if (dialect.returnEnds || columns.length > COLUMNS_MAX) return false;
  return columns.every(({ dateFormat, fit }, i) => {
    if (dateFormat === undefined) return !fit.includes(ASK);
    return (
      dateFormat === 'iso' && layouts[i]!.length > 0 && samples[i]!.texts.some((text) => ISO_DATE.test(text))
    );
  });
}

/**
 * Survey and conversion in one: a kernel for `scanRecords` that counts kinds as `SurveyKernel` does, and writes the fields as typed columns,
 * which DuckDB only packs. Reading the text once costs half of what reading it twice does.
 */
export class CsvColumns {
  private readonly plan: DirectPlan;
  private readonly kernel: LineKernel;
  private readonly spool: ParquetSpool;
  private readonly misfits: Float64Array;
  private given = true;
  private asked = false;
  private fine = false;

  constructor(plan: DirectPlan, workDir: string) {
    this.plan = plan;
    const { columns, dialect } = plan;
    this.kernel = new LineKernel({
      columns,
      delimiter: dialect.delimiter,
      coarse: false,
      bytes: SCAN_BUFFER_BYTES,
      textOf: () => undefined,
      dateOf: () => Number.NaN,
    });
    this.misfits = new Float64Array(columns.length);
    const types = columns.map(({ type }) => type);
    this.spool = new ParquetSpool(join(workDir, 'spool.parquet'), types);
  }

  get buffer(): Buffer {
    return this.kernel.buffer;
  }

  grow(bytes: number): void {
    this.kernel.grow(bytes);
  }

  /** See `SurveyKernel`; undefined: nothing is written any more. */
  expect(columns: readonly PlannedColumn[] | undefined): void {
    if (columns !== undefined) return;
    this.given = false;
    this.kernel.countOnly();
  }

  survey(from: number, limit: number): { at: number; records: number } {
    const { kernel } = this;
    let at = from;
    let records = 0;
    while (at < limit) {
      const before = kernel.rows;
      const taken = kernel.load(at, limit);
      records += kernel.rows - before;
      at = taken.at;
      if (taken.stop === STOP_LIMIT || taken.stop !== STOP_FULL) break;
      this.flush();
    }
    return { at, records };
  }

  addCounts(counts: Float64Array): void {
    this.plan.columns.forEach((_, i) => {
      this.kernel.addCounts(i, counts.subarray(i * KINDS, (i + 1) * KINDS));
    });
  }

  /** A whole record that the kernel did not take. @param misfit the column that refuses it, or -1 */
  append({ buffer, parser }: ScannedRecord, misfit: number): void {
    if (!this.given) return;
    if (misfit >= 0) {
      this.misfits[misfit]!++;
      return;
    }
    const cells = this.plan.columns.map((column, field): Cell => {
      const kind = fieldKind(buffer, parser.starts[field]!, parser.stops[field]!, parser.masks[field]!);
      return column.fit[kind] === MISSING ? undefined : this.cellOf(fieldText(buffer, parser, field), column);
    });
    if (this.kernel.append(cells)) return;
    this.flush();
    if (!this.kernel.append(cells)) this.spool.addRow(cells);
  }

  /**
   * Ends the writing.
   *
   * @param columns as all values say; those of the plan come from a sample
   * @returns whether what was written is what the source means; if not, the exact way must be taken
   */
  finish(columns: readonly PlannedColumn[]): boolean {
    this.flush();
    this.spool.finish();
    this.close();
    const { layouts } = this.plan;
    const flags = columns.map((_, i) => this.kernel.flags(i));
    const fine = this.fine || flags.some((flag) => flag & FINE);
    if (fine && (this.asked || flags.some((flag) => flag & ASKED))) return false;
    const cut = flags.some((flag, i) => flag & FINE && !layouts[i]!.some((layout) => layout.includes('%f')));
    return !cut && !columns.some((column, i) => isTextAfterAll(column, this.misfits[i]!));
  }

  close(): void {
    this.spool.close();
  }

  private flush(): void {
    this.kernel.drain((rows, columns) => {
      if (this.given) this.spool.add(rows, columns);
    });
  }

  private cellOf(text: string, column: PlannedColumn): Cell {
    const trimmed = text.trim();
    switch (column.type) {
      case 'string':
        return text;
      case 'boolean':
        return trimmed.length === 4 ? 1 : 0;
      case 'integer':
      case 'number':
        return Number(trimmed);
      default:
        this.asked = true;
        if (FINE_DATE.test(trimmed)) this.fine = true;
        return parseDate(trimmed, column.dateFormat!);
    }
  }
}

/** Writes the part from the columns. */
export async function packColumns(
  session: EngineSession,
  workDir: string,
  columns: readonly PlannedColumn[],
): Promise<Omit<DirectReading, 'refusedOffsets'>> {
  const [spool, part] = [join(workDir, 'spool.parquet'), partPathIn(workDir)];
  const projection = columns.map(({ name }, i) => `c${i} AS ${sqlName(name)}`).join(', ');
  await session.run(copySql(`SELECT ${projection} FROM read_parquet(${sqlText(spool)})`, part));
  await rm(spool, { force: true });
  const counts = columns.map(({ name }, i) => `count(${sqlName(name)}) AS c${i}`).join(', ');
  const [row] = await session.rows(`SELECT count(*) AS n, ${counts} FROM read_parquet(${sqlText(part)})`);
  return { rows: Number(row!['n']), present: columns.map((_, i) => Number(row![`c${i}`])) };
}
