import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldKind, KINDS, MISSING_TOKENS } from './field-kind.ts';
import { RecordParser } from './record-parser.ts';
import { SurveyKernel } from './survey-kernel.ts';

const COLUMNS = 3;

interface Facts {
  readonly counts: number[];
  readonly records: number;
}

function dialectOf(delimiter: string) {
  const columnNames = Array.from({ length: COLUMNS }, (_, i) => `c${i}`);
  return { delimiter: delimiter.charCodeAt(0), header: false, skipBytes: 0, returnEnds: false, columnNames };
}

/** Counts of whole records, by the parser alone or with the kernel taking what it can up to each of `limits`. */
function facts(bytes: Buffer, delimiter: string, limits: readonly number[] | undefined): Facts {
  const dialect = dialectOf(delimiter);
  const parser = new RecordParser({ delimiter: dialect.delimiter, capacity: COLUMNS });
  const kernel = new SurveyKernel(dialect, bytes.length + 1);
  kernel.buffer.set(bytes);
  const counts = new Float64Array(COLUMNS * KINDS);
  let records = 0;
  for (let at = 0; at < bytes.length; ) {
    const limit = limits?.map((position) => lineEnd(bytes, position)).find((position) => position > at);
    if (limit !== undefined) {
      const taken = kernel.survey(at, limit);
      expect(taken.at).toBeLessThanOrEqual(limit);
      at = taken.at;
      records += taken.records;
      if (at === limit) continue;
    }
    const next = parser.parse(bytes, at, bytes.length, true);
    if (parser.problem === undefined && !parser.blank && parser.count === COLUMNS) {
      records++;
      for (let field = 0; field < COLUMNS; field++) {
        const { starts, stops, masks } = parser;
        const kind = fieldKind(bytes, starts[field]!, stops[field]!, masks[field]!);
        counts[field * KINDS + kind]!++;
      }
    }
    at = next;
  }
  kernel.addCounts(counts);
  return { counts: [...counts], records };
}

function lineEnd(bytes: Buffer, position: number): number {
  return bytes.lastIndexOf(0x0a, position) + 1;
}

function expectSame(text: string, delimiter: string, limits: readonly number[]): void {
  const bytes = Buffer.from(text);
  expect(facts(bytes, delimiter, [...limits, bytes.length])).toEqual(facts(bytes, delimiter, undefined));
}

const field = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...MISSING_TOKENS) },
  fc.integer().map(String),
  fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map(String),
  fc.double().map(String),
  fc.stringMatching(/^[-+]?0?\d{0,3}\.?\d{0,18}([eE][-+]?\d{0,3})?$/),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.stringMatching(/^\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}( \d\d:\d\d(:\d\d)?( [AP]M)?)?$/),
  fc.constantFrom('true', 'FALSE', 'False', 'tru', 'falsy', 'yes', '9007199254740992', '9007199254740993'),
  fc.stringMatching(/^[ \t]{0,2}[-+.,:/TZeE0-9a-z \t]{0,24}[ \t]{0,2}$/),
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.replaceAll('\0', '')),
);
const quoted = fc.oneof(
  { weight: 5, arbitrary: field },
  { weight: 2, arbitrary: field.map((text) => `"${text.replaceAll('"', '""')}"`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('"', '""', '"a"b', 'a"b', '"a\nb"', '"a,b\r\nc"', '"x"\r', 'a\rb', ''),
  },
);
const delimiters = fc.constantFrom(',', '\t', ';', '|');
const lineEnds = fc.constantFrom('\n', '\r\n', '\n\n', '\r', '\n');

describe('the survey kernel', () => {
  it('counts what the parser counts, whatever the text and wherever it is cut', () => {
    const record = fc.tuple(fc.array(quoted, { minLength: 2, maxLength: 4 }), lineEnds);
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 12 }),
        delimiters,
        fc.array(fc.nat(400), { maxLength: 3 }),
        (records, delimiter, limits) => {
          const text = records.map(([fields, end]) => fields.join(delimiter) + end).join('');
          expectSame(text, delimiter, limits);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('gives every single field the kind that the parser gives it', () => {
    fc.assert(
      fc.property(field, fc.boolean(), delimiters, (text, inQuotes, delimiter) => {
        const cell = inQuotes ? `"${text.replaceAll('"', '""')}"` : text.replaceAll(/[\n\r"|;,\t]/g, ' ');
        expectSame(`${cell}${delimiter}x${delimiter}\n`, delimiter, []);
      }),
      { numRuns: 10_000 },
    );
  });

  it('takes noise as the parser does', () => {
    const noise = fc.string({ unit: fc.constantFrom(...',"\n\r a1.-'), maxLength: 80 });
    fc.assert(
      fc.property(noise, (text) => expectSame(text, ',', [])),
      { numRuns: 5000 },
    );
  });

  it('stops in front of a record that does not fit, and counts those before it', () => {
    const text = Buffer.from('1,2,3\n4,5,6\n7,x,9\n1,1,1\n');
    const kernel = new SurveyKernel(dialectOf(','), 100);
    kernel.buffer.set(text);
    const fit = new Uint8Array(KINDS);
    fit[2] = 1;
    kernel.expect([{ fit }, { fit }, { fit }]);
    expect(kernel.survey(0, text.length)).toEqual({ at: 12, records: 2 });
    expect(kernel.survey(18, text.length)).toEqual({ at: 24, records: 1 });
    const counts = new Float64Array(COLUMNS * KINDS);
    kernel.addCounts(counts);
    expect(counts[2]).toBe(3);
  });
});
