import { parseDate } from '../tables/dates.ts';
import { newParser } from './csv-source.ts';
import type { Dialect } from './dialect.ts';
import { fieldKind } from './field-kind.ts';
import { ASK, FITS, MISFIT, MISSING, type PlannedColumn } from './infer-types.ts';
import type { Quarantine } from './quarantine.ts';
import { fieldText, type RecordParser } from './record-parser.ts';
import { type RowProblem, type ScannedRecord, scanRecords } from './record-scan.ts';
import type { Spool } from './spool.ts';
import { normalised } from './typed-text.ts';

/** How the rows that fit are handed on: their own bytes, or values written anew so that nothing is left to interpret. */
export type RewriteMode = 'verbatim' | 'canonical';

export interface EnforceOptions {
  readonly path: string;
  readonly dialect: Dialect;
  readonly columns: readonly PlannedColumn[];
  readonly mode: RewriteMode;
  readonly quarantine: Quarantine;
  readonly spool: Spool;
  readonly onChunk: (records: number, bytes: number) => void;
}

/**
 * Second pass, for sources that are not all well: every record either goes to the spool or, with its bytes and the reason, to the
 * quarantine.
 *
 * @returns by column: values that had to be refused, and values present in the rows handed on
 */
export async function enforceCsv(
  options: EnforceOptions,
): Promise<{ misfits: Float64Array; present: Float64Array }> {
  const { dialect, columns, mode, quarantine, spool } = options;
  const parser = newParser(dialect);
  const row = new RowCheck(columns, mode);
  const misfits = new Float64Array(columns.length);
  await scanRecords({
    path: options.path,
    parser,
    columns: columns.length,
    skipBytes: dialect.skipBytes,
    header: dialect.header,
    onRecord: (record) => {
      if (record.problem !== undefined) {
        quarantine.add(structural(record, columns.length));
        return;
      }
      const misfit = row.check(record.buffer, parser);
      if (misfit >= 0) {
        misfits[misfit]!++;
        quarantine.add(wrongType(record, columns[misfit]!, misfit));
      } else if (mode === 'canonical') spool.writeText(row.line);
      else writeLine(spool, record);
    },
    onChunk: async (records, bytes) => {
      options.onChunk(records, bytes);
      await quarantine.drain();
      await spool.drain();
    },
  });
  return { misfits, present: row.present };
}

/** The last line of a source may lack its line end. */
function writeLine(spool: Spool, record: ScannedRecord): void {
  spool.write(record.buffer.subarray(record.start, record.next));
  const last = record.buffer[record.next - 1];
  if (last !== 0x0a && last !== 0x0d) spool.writeText('\n');
}

/** Whether the fields of one record fit, by the reference's own eyes. */
export class RowCheck {
  /** After `check` in canonical mode: the row as CSV with every present value quoted. */
  line = '';
  readonly present: Float64Array;
  private readonly filled: Uint8Array;
  private readonly columns: readonly PlannedColumn[];
  private readonly canonical: boolean;

  constructor(columns: readonly PlannedColumn[], mode: RewriteMode) {
    this.columns = columns;
    this.canonical = mode === 'canonical';
    this.present = new Float64Array(columns.length);
    this.filled = new Uint8Array(columns.length);
  }

  /** The first column whose field does not fit, or -1. */
  check(buffer: Buffer, parser: RecordParser): number {
    const { columns, canonical, present, filled } = this;
    let line = '';
    for (let field = 0; field < columns.length; field++) {
      const column = columns[field]!;
      const kind = fieldKind(buffer, parser.starts[field]!, parser.stops[field]!, parser.masks[field]!);
      const fit = column.fit[kind]!;
      if (fit === MISFIT) return field;
      filled[field] = fit === MISSING ? 0 : 1;
      if (fit === FITS && !canonical) continue;
      if (fit !== MISSING) {
        const text = fieldText(buffer, parser, field);
        if (!canonical && column.dateFormat !== undefined) {
          if (Number.isNaN(parseDate(text, column.dateFormat))) return field;
          continue;
        }
        const value = column.type === 'string' ? text : normalised(text.trim(), column, fit === ASK);
        if (value === undefined) return field;
        if (canonical) line += `"${value.replaceAll('"', '""')}"`;
      }
      if (canonical) line += field === columns.length - 1 ? '\n' : ',';
    }
    for (let field = 0; field < columns.length; field++) present[field]! += filled[field]!;
    // A row of one missing value would be an empty line, which readers skip.
    this.line = line === '\n' ? '""\n' : line;
    return -1;
  }
}

const STRUCTURAL: Record<RowProblem, string> = {
  UNCLOSED_QUOTE: 'a quote is opened and never closed',
  BAD_QUOTING: 'text follows a closing quote',
  INVALID_UTF8: 'its bytes are not UTF-8',
  NUL_BYTE: 'it holds a NUL byte',
  TOO_FEW_FIELDS: 'it has too few fields',
  TOO_MANY_FIELDS: 'it has too many fields',
  LINE_TOO_LONG: 'it is longer than a line may be; its bytes stay in the source',
};

/** What the quarantine says of a record that is broken. */
export function structural(record: ScannedRecord, columns: number) {
  const problem = record.problem!;
  const counted = problem === 'TOO_FEW_FIELDS' || problem === 'TOO_MANY_FIELDS';
  return {
    record: record.record,
    byteOffset: record.byteOffset,
    reason: problem,
    message: counted ? `${record.parser.count} fields instead of ${columns}` : STRUCTURAL[problem],
    bytes:
      problem === 'LINE_TOO_LONG' ? new Uint8Array(0) : record.buffer.subarray(record.start, record.next),
  };
}

/** What the quarantine says of a record whose field does not fit. */
export function wrongType(record: ScannedRecord, column: PlannedColumn, field: number) {
  const text = fieldText(record.buffer, record.parser, field).slice(0, 60);
  return {
    record: record.record,
    byteOffset: record.byteOffset,
    reason: 'WRONG_TYPE',
    message: `${JSON.stringify(text)} is not ${column.type === 'integer' ? 'an' : 'a'} ${column.type}`,
    column: column.name,
    bytes: record.buffer.subarray(record.start, record.next),
  };
}
