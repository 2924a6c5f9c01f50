/** A data set that a query names, and the version it means. */
export interface NamedTable {
  /** As the query's SQL names it after `quoteNames`. */
  readonly name: string;
  readonly dataset: string;
  /** Version, tag or branch after the `@`; undefined: the newest. */
  readonly ref: string | undefined;
}

const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|[\p{L}_][\p{L}\p{N}_.-]*@[\p{L}\p{N}_.-]+|[\p{L}_][\p{L}\p{N}_]*/gu;

/**
 * Finds the data sets that a query names: `adult`, `adult@v3`, `"flights-3m"`, `"flights-3m@summer"`. A reference with `@` need not
 * be quoted; the SQL that comes back has it quoted, because `@` is no part of a name in SQL.
 *
 * @param known names of all data sets
 */
export function findTables(sql: string, known: ReadonlySet<string>): { sql: string; tables: NamedTable[] } {
  const tables = new Map<string, NamedTable>();
  const add = (name: string): boolean => {
    const [dataset, ...rest] = name.split('@') as [string, ...string[]];
    const exact = known.has(dataset)
      ? dataset
      : known.has(dataset.toLowerCase())
        ? dataset.toLowerCase()
        : undefined;
    if (exact === undefined || rest.length > 1) return false;
    tables.set(name, { name, dataset: exact, ref: rest[0] });
    return true;
  };
  const quoted = sql.replace(TOKEN, (token) => {
    if (token.startsWith("'") || token.startsWith('--') || token.startsWith('/*')) return token;
    if (token.startsWith('"')) {
      add(token.slice(1, -1).replaceAll('""', '"'));
      return token;
    }
    if (!token.includes('@')) {
      add(token);
      return token;
    }
    return add(token) ? `"${token}"` : token;
  });
  return { sql: quoted, tables: [...tables.values()] };
}
