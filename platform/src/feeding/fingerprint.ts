import { type EngineSession, sqlName, sqlText } from '../ports/engine.ts';
import type { TableSchema } from '../tables/table.ts';

/**
 * Identity of the rows whatever their order, file or engine: count and sum (modulo 2^64) of a md5 over each row's canonical text.
 * A sum, because under exclusive or two equal rows would cancel; md5, because the engine's own hash may change between versions.
 */
export async function fingerprintOf(session: EngineSession, schema: TableSchema): Promise<string> {
  const cells = schema.columns.map(({ name, type }) => {
    const column = sqlName(name);
    const text =
      type === 'string' || type === 'boolean'
        ? `${column}::VARCHAR`
        : type === 'integer' || type === 'number'
          ? `${column}::DOUBLE::VARCHAR`
          : `epoch_ms(${column}::TIMESTAMP)::VARCHAR`;
    return `coalesce(${text}, chr(30))`;
  });
  const [row] = await session.rows(
    `SELECT count(*) AS n, (sum(md5_number_lower(concat_ws(chr(31), ${cells.join(', ')}))::HUGEINT) % 18446744073709551616::HUGEINT)::VARCHAR AS total FROM typed`,
  );
  const names = await session.rows(
    `SELECT md5(${sqlText(schema.columns.map((column) => column.name).join('\u001f'))}) AS names`,
  );
  return `rows:${Number(row!['n'])};names:${String(names[0]!['names'])};sum:${String(row!['total'] ?? '0')}`;
}
