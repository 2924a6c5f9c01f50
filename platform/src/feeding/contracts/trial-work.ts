import type { ContractBody, ContractTrial } from '../../contracts/data-contracts.ts';
import { type Engine, type EngineSession, sqlName } from '../../ports/engine.ts';
import type { LoadJob } from '../loads/job.ts';
import { rulesOf } from '../loads/rules.ts';
import { type SnapshotSource, sourceSql } from '../queries/snapshot-source.ts';

export interface TrialWork {
  readonly source: SnapshotSource;
  readonly contract: ContractBody;
  readonly references: LoadJob['references'];
  readonly workDir: string;
}

const EXAMPLES = 5;
const CASTS = {
  string: 'VARCHAR',
  number: 'DOUBLE',
  integer: 'BIGINT',
  boolean: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
} as const;

/** Which of the rows that are there would break a contract: asked before it is saved. */
export async function tryContract(work: TrialWork, engine: Engine): Promise<ContractTrial> {
  const { source, contract } = work;
  const referenced = Object.values(work.references).flatMap(({ parts }) => parts.map(({ path }) => path));
  const session = await engine.open({ workDir: work.workDir, readable: [...source.paths, ...referenced] });
  try {
    await session.run(`CREATE VIEW present AS ${sourceSql(source)}`);
    const names = new Map(source.schema.columns.map((column) => [column.name, column]));
    const tests = rulesOf(contract, work.references)
      .filter(({ column }) => names.has(column))
      .map(({ column, reason, test }) => ({ column, rule: reason as string, test }));
    for (const column of contract.columns) {
      const have = names.get(column.name);
      if (have === undefined) continue;
      const name = sqlName(column.name);
      if (have.type !== column.type)
        tests.push({
          column: column.name,
          rule: 'TYPE',
          test: `${name} IS NOT NULL AND TRY_CAST(${name}::VARCHAR AS ${CASTS[column.type]}) IS NULL`,
        });
      if (column.unique)
        tests.push({
          column: column.name,
          rule: 'UNIQUE',
          test: `${name} IN (SELECT ${name} FROM present WHERE ${name} IS NOT NULL GROUP BY ${name} HAVING count(*) > 1)`,
        });
    }
    const [counted] = await session.rows('SELECT count(*) AS n FROM present');
    const violations: ContractTrial['violations'] = [];
    for (const { column, rule, test } of tests) {
      const found = await broken(session, column, test);
      if (found.rows > 0) violations.push({ column, rule, ...found });
    }
    return { rows: Number(counted!['n']), violations };
  } finally {
    await session.close();
  }
}

async function broken(
  session: EngineSession,
  column: string,
  test: string,
): Promise<{ rows: number; examples: string[] }> {
  const [row] = await session.rows(`SELECT count(*) AS n FROM present WHERE ${test}`);
  const rows = Number(row!['n']);
  if (rows === 0) return { rows, examples: [] };
  const found = await session.rows(
    `SELECT DISTINCT coalesce(${sqlName(column)}::VARCHAR, '') AS text FROM present WHERE ${test} LIMIT ${EXAMPLES}`,
  );
  return { rows, examples: found.map((example) => String(example['text']).slice(0, 200)) };
}
