import type { ColumnProfile, Histogram } from '../contracts/profile.ts';
import { type EngineSession, sqlName, sqlText } from '../ports/engine.ts';
import type { SchemaColumn, TableSchema } from '../tables/table.ts';

/** Distinct values are counted exactly up to this; above, HyperLogLog's estimate stands. */
const EXACT_DISTINCT_MAX = 100_000;
/** Quantiles are exact up to this many rows; above, they come from every n-th row, so that they stay deterministic. */
const QUANTILE_ROWS = 200_000;
const QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95];
const BINS = 20;
const TOP = 20;

/**
 * Describes every column of a Parquet part. Deterministic: the session must run on one thread, because sums of floats depend on order.
 *
 * Cost: one scan for all moments, one per column for its histogram or its most frequent values.
 */
export async function profilePart(
  session: EngineSession,
  part: string,
  schema: TableSchema,
): Promise<{ rows: number; fingerprint: string; profile: ColumnProfile[] }> {
  const source = `read_parquet(${sqlText(part)})`;
  const columns = schema.columns.map((column, index) => ({ ...column, index }));
  const [counted] = await session.rows(`SELECT count(*) AS n FROM ${source}`);
  const rows = Number(counted!['n']);
  const quantiles = await quantilesOf(session, { source, columns, rows });
  const centred = columns.map((column) => ({ ...column, centre: quantiles.get(column.index)?.[3] ?? 0 }));
  const [moments] = await session.rows(
    `SELECT ${fingerprintSql(schema)} AS hash, ${centred.flatMap(momentSql).join(', ')} FROM ${source}`,
  );
  const profile: ColumnProfile[] = [];
  for (const column of centred) {
    const base = baseProfile(column, moments!, rows);
    const detail =
      column.type === 'string' || column.type === 'boolean'
        ? await frequencies(session, source, column, base.distinct)
        : await numericDetail(session, { source, column, base, quantiles: quantiles.get(column.index) });
    profile.push({ ...base, ...detail });
  }
  const sum = BigInt(String(moments!['hash'] ?? 0)) % (1n << 64n);
  return { rows, fingerprint: `${rows}-${sum.toString(16).padStart(16, '0')}`, profile };
}

type Indexed = SchemaColumn & { readonly index: number };
type Centred = Indexed & { readonly centre: number };

/**
 * Order-independent identity of the rows: the sum of 64 bits of each row's MD5, modulo 2^64. A sum and not xor, in which pairs of
 * equal rows would vanish; MD5 and not DuckDB's own hash, which may change between its versions.
 */
function fingerprintSql(schema: TableSchema): string {
  const cells = schema.columns.map(
    ({ name, type }) => `coalesce(${cellSql(sqlName(name), type)}, chr(30)), chr(31)`,
  );
  return `sum(md5_number_lower(concat(${cells.join(', ')}))::HUGEINT)::VARCHAR`;
}

/** Equal values have equal texts: of floats the bits, whose text is much cheaper than the shortest decimal (adding zero undoes −0). */
function cellSql(name: string, type: SchemaColumn['type']): string {
  switch (type) {
    case 'number':
      return `(${name} + 0.0::DOUBLE)::BIT::BIGINT::VARCHAR`;
    case 'date':
    case 'timestamp':
      return `epoch_ms(${name}::TIMESTAMP)::VARCHAR`;
    default:
      return `${name}::VARCHAR`;
  }
}

function asNumber(column: SchemaColumn): string {
  const name = sqlName(column.name);
  switch (column.type) {
    case 'boolean':
      return `${name}::INTEGER::DOUBLE`;
    case 'date':
    case 'timestamp':
      return `epoch_ms(${name}::TIMESTAMP)::DOUBLE`;
    default:
      return `${name}::DOUBLE`;
  }
}

/** Sums of distances from the median: as cheap as plain sums, and exact where those cancel (dates, large offsets). */
function momentSql(column: Centred): string[] {
  const { index, type } = column;
  const name = sqlName(column.name);
  const shared = [`count(${name}) AS count_${index}`, `approx_count_distinct(${name}) AS distinct_${index}`];
  if (type === 'string') {
    return [...shared, `min(length(${name})) AS min_${index}`, `max(length(${name})) AS max_${index}`];
  }
  const value = asNumber(column);
  return [
    ...shared,
    `min(${value}) AS min_${index}`,
    `max(${value}) AS max_${index}`,
    `sum(${value} - ${column.centre}::DOUBLE) AS first_${index}`,
    `sum((${value} - ${column.centre}::DOUBLE) * (${value} - ${column.centre}::DOUBLE)) AS second_${index}`,
  ];
}

function baseProfile(column: Centred, moments: Record<string, unknown>, rows: number): ColumnProfile {
  const { index, type } = column;
  const count = Number(moments[`count_${index}`]);
  const number = (key: string) => finiteOrNull(moments[`${key}_${index}`]);
  const text = type === 'string';
  const [first, second] = [number('first') ?? 0, number('second') ?? 0];
  const variance = (second - first ** 2 / count) / (count - 1);
  return {
    name: column.name,
    type,
    missingTokens: [...column.missingTokens],
    count,
    missing: rows - count,
    distinct: Math.min(Number(moments[`distinct_${index}`]), count),
    min: text ? null : number('min'),
    max: text ? null : number('max'),
    mean: text || count === 0 ? null : column.centre + first / count,
    sd: text || count < 2 ? null : finiteOrNull(Math.sqrt(Math.max(0, variance))),
    quantiles: null,
    histogram: null,
    top: [],
    lengthMin: text ? number('min') : null,
    lengthMax: text ? number('max') : null,
  };
}

function finiteOrNull(value: unknown): number | null {
  if (value === null || value === undefined) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** 1, 5, 25, 50, 75, 95 and 99 % of every numeric column, by column index. */
async function quantilesOf(
  session: EngineSession,
  input: { source: string; columns: readonly Indexed[]; rows: number },
): Promise<Map<number, number[]>> {
  const numeric = input.columns.filter(({ type }) => type !== 'string' && type !== 'boolean');
  if (numeric.length === 0 || input.rows === 0) return new Map();
  const stride = Math.ceil(input.rows / QUANTILE_ROWS);
  const shares = [0.01, ...QUANTILES, 0.99];
  const projection = numeric.map(
    (column) => `quantile_cont(${asNumber(column)}, [${shares.join(', ')}]) AS q_${column.index}`,
  );
  const where = stride === 1 ? '' : ` WHERE file_row_number % ${stride} = 0`;
  const from = stride === 1 ? input.source : input.source.replace(/\)$/, ', file_row_number=true)');
  const [row] = await session.rows(`SELECT ${projection.join(', ')} FROM ${from}${where}`);
  return new Map(
    numeric.flatMap(({ index }) => {
      const values = row![`q_${index}`] as readonly number[] | null;
      return values === null ? [] : [[index, [...values].map(Number)] as const];
    }),
  );
}

async function frequencies(
  session: EngineSession,
  source: string,
  column: Indexed,
  distinct: number,
): Promise<Partial<ColumnProfile>> {
  // HyperLogLog may be off by a few per cent: ask a little above the bound.
  if (distinct > EXACT_DISTINCT_MAX * 1.1) return {};
  const name = sqlName(column.name);
  const found = await session.rows(
    `SELECT ${name}::VARCHAR AS value, count(*) AS n, count(*) OVER () AS distinct_values FROM ${source} WHERE ${name} IS NOT NULL GROUP BY ${name} ORDER BY n DESC, value LIMIT ${TOP}`,
  );
  return {
    distinct: Number(found[0]?.['distinct_values'] ?? 0),
    top: found.map((row) => ({ value: String(row['value']).slice(0, 200), count: Number(row['n']) })),
  };
}

interface NumericRequest {
  readonly source: string;
  readonly column: Indexed;
  readonly base: ColumnProfile;
  readonly quantiles: readonly number[] | undefined;
}

async function numericDetail(
  session: EngineSession,
  request: NumericRequest,
): Promise<Partial<ColumnProfile>> {
  const { source, column, base, quantiles } = request;
  if (quantiles === undefined || base.min === null || base.max === null) return { distinct: 0 };
  const edges = binEdges(base.min, base.max, quantiles, column.type);
  const distinct =
    base.distinct > EXACT_DISTINCT_MAX * 1.1
      ? base.distinct
      : Number(
          (await session.rows(`SELECT count(DISTINCT ${sqlName(column.name)}) AS n FROM ${source}`))[0]!['n'],
        );
  return {
    distinct,
    quantiles: quantiles.slice(1, 6),
    histogram: await histogramOf(session, source, asNumber(column), edges),
  };
}

/**
 * Edges of the robust range: the middle 98 % widened by half its width, within [min, max]. Far outliers lie outside and are not
 * counted, so that one of them does not flatten the picture. Whole numbers with few values get one bin each.
 */
function binEdges(
  min: number,
  max: number,
  quantiles: readonly number[],
  type: SchemaColumn['type'],
): number[] {
  const low = quantiles[0]!;
  const high = quantiles[6]!;
  const reach = (high - low) / 2;
  const from = reach > 0 ? Math.max(min, low - reach) : min;
  const to = reach > 0 ? Math.min(max, high + reach) : max;
  if (!(to > from)) return [from, from];
  if (type === 'integer' && Number.isInteger(from) && to - from < BINS) {
    const values = Math.floor(to) - from + 1;
    return Array.from({ length: values + 1 }, (_, i) => from + i);
  }
  return Array.from({ length: BINS + 1 }, (_, i) => (i === BINS ? to : from + ((to - from) * i) / BINS));
}

async function histogramOf(
  session: EngineSession,
  source: string,
  value: string,
  edges: readonly number[],
): Promise<Histogram> {
  const from = edges[0]!;
  const to = edges.at(-1)!;
  const bins = edges.length - 1;
  const width = (to - from) / bins;
  const bin =
    width > 0 ? `least(${bins - 1}, floor((v - ${from}::DOUBLE) / ${width}::DOUBLE))::INTEGER` : '0';
  const found = await session.rows(
    `SELECT ${bin} AS bin, count(*) AS n FROM (SELECT ${value} AS v FROM ${source}) WHERE v >= ${from}::DOUBLE AND v <= ${to}::DOUBLE GROUP BY bin`,
  );
  const counts = new Array<number>(bins).fill(0);
  for (const row of found) counts[Number(row['bin'])] = Number(row['n']);
  return { edges: [...edges], counts };
}
