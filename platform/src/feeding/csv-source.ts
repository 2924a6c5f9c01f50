import { basename } from 'node:path';
import { SlipwayError } from '../kernel/errors.ts';
import { LIMITS } from '../kernel/limits.ts';
import {
  bomBytes,
  columnNames,
  type Dialect,
  detectDelimiter,
  detectHeader,
  endsWithReturns,
  mostFrequent,
  type SampleRow,
  sampleRecords,
} from './dialect.ts';
import { RecordParser } from './record-parser.ts';
import type { LoadRequest } from './types.ts';

export interface CsvShape {
  readonly dialect: Dialect;
  /** Records below the header, from the front of the source. */
  readonly sample: readonly SampleRow[];
}

const SAMPLE_RECORDS = 2000;

/**
 * Delimiter, header and column names from the front of the source.
 *
 * @param head at most the first megabytes
 * @param whole whether `head` is the whole source
 */
export function csvShape(head: Buffer, whole: boolean, request: LoadRequest): CsvShape {
  const skipBytes = bomBytes(head);
  const body = head.subarray(skipBytes);
  const returnEnds = endsWithReturns(body);
  const hint = /\.(tsv|tab)(\.|$)/i.test(request.fileName) ? 0x09 : undefined;
  const delimiter = request.delimiter?.charCodeAt(0) ?? detectDelimiter(body, whole, hint);
  const rows = sampleRecords(body, { delimiter, whole, recordsMax: SAMPLE_RECORDS, returnEnds });
  if (rows.length === 0 || (whole && isBlank(body))) throw noRecords(request, body);
  const header = request.header === 'yes' || (request.header !== 'no' && detectHeader(rows));
  const sample = header ? rows.slice(1) : rows;
  const names = header ? rows[0]!.texts : undefined;
  const width = widthOf(names?.length, sample);
  if (width > LIMITS.columnsMax) throw tooManyColumns(request, width);
  return {
    dialect: { delimiter, header, skipBytes, returnEnds, columnNames: namesOf(names, width) },
    sample,
  };
}

/** The header decides, unless the body agrees on one field more (row names, or a delimiter at every line's end). */
function widthOf(named: number | undefined, sample: readonly SampleRow[]): number {
  const usual = mostFrequent(sample.map((row) => row.texts.length));
  if (named === undefined) return usual;
  return usual === named + 1 && sample.every((row) => row.texts.length === usual) ? usual : named;
}

function namesOf(names: readonly string[] | undefined, width: number): string[] {
  return columnNames(names, width);
}

function isBlank(body: Buffer): boolean {
  return body.every((byte) => byte <= 0x20);
}

function noRecords(request: LoadRequest, body: Buffer): SlipwayError {
  if (isBlank(body)) {
    return new SlipwayError('SOURCE_EMPTY', {
      message: `${basename(request.fileName)} holds only white space`,
      fix: 'Give a file with at least one row below its header.',
    });
  }
  return new SlipwayError('NOT_A_TABLE', {
    message: `no record of ${basename(request.fileName)} could be read: its first line is too long or a quote is never closed`,
    fix: 'Check that it is CSV, TSV, NDJSON, a JSON array or Parquet.',
  });
}

function tooManyColumns(request: LoadRequest, width: number): SlipwayError {
  return new SlipwayError('LIMIT_EXCEEDED', {
    message: `${basename(request.fileName)} has ${width} columns; at most ${LIMITS.columnsMax} are read`,
    fix: 'Keep the columns that matter, or turn columns into rows.',
  });
}

export function newParser(dialect: Dialect): RecordParser {
  return new RecordParser({
    delimiter: dialect.delimiter,
    capacity: dialect.columnNames.length,
    returnEnds: dialect.returnEnds,
  });
}

/** By column: texts and kinds of the sampled records that are as wide as they should be. */
export function columnSample(shape: CsvShape) {
  const whole = shape.sample.filter((row) => row.texts.length === shape.dialect.columnNames.length);
  return shape.dialect.columnNames.map((_, column) => ({
    texts: whole.map((row) => row.texts[column]!),
    kinds: whole.map((row) => row.kinds[column]!),
  }));
}
