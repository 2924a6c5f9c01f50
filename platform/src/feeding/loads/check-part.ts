import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContractBody } from '../../contracts/data-contracts.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { type EngineSession, sqlName } from '../../ports/engine.ts';
import { snapshotSql } from '../../ports/snapshot-part.ts';
import type { TableSchema } from '../../tables/table.ts';
import { measurePart } from '../statistics.ts';
import type { LoadedSource, LoadRequest } from '../types.ts';
import { type HeldRecord, readHeld } from './held-records.ts';
import type { LoadJob, NewPart } from './job.ts';
import type { LoadLedger } from './ledger.ts';
import { rewritePart } from './merge-keys.ts';
import { countBroken, findBroken, findRepeated, type Rule, rulesOf } from './rules.ts';
import { readSourceRecords, recordNumbers } from './source-records.ts';

export interface CheckWork {
  readonly job: LoadJob;
  readonly ledger: LoadLedger;
  readonly contract: ContractBody;
  readonly loaded: LoadedSource;
  /** Of the part, without columns that are not loaded. */
  readonly schema: TableSchema;
  /** Columns whose values refuse a row. */
  readonly refusedColumns: readonly string[];
  readonly request: LoadRequest;
  readonly workDir: string;
  /** Where the reader left the unpacked source. */
  readonly sourceDir: string;
  readonly session: () => Promise<EngineSession>;
}

export interface CheckedInput {
  readonly part: NewPart;
  readonly held: readonly HeldRecord[];
}

/** Rules of the contract over a part that was read. A part that keeps them all is not touched. */
export async function checkPart(work: CheckWork): Promise<CheckedInput> {
  const { loaded, schema } = work;
  const rules = allRules(work);
  const whole = schema.columns.length === loaded.schema.columns.length;
  if (rules.length === 0 && whole && loaded.statistics !== undefined)
    return { part: { path: loaded.partPath, rows: loaded.rows, statistics: loaded.statistics }, held: [] };
  const session = await work.session();
  const { broken } = await findBroken(session, loaded.partPath, rules);
  const repeated = await findAllRepeated(session, work, rules);
  if (broken + repeated === 0 && whole) {
    const statistics = loaded.statistics ?? (await measurePart(session, loaded.partPath, schema));
    return { part: { path: loaded.partPath, rows: loaded.rows, statistics }, held: [] };
  }
  const found = await countBroken(session, rules);
  requireAllowed(rules, found.byRule, work);
  const kinds = new Map(rules.map((rule, i) => [i, rule.mode]));
  const leaving = new Set([...kinds].filter(([, mode]) => mode === 'quarantine-row').map(([i]) => i));
  const blanked = new Map(
    rules.flatMap((rule, i) => (rule.mode === 'quarantine-value' ? [[i, rule.column] as const] : [])),
  );
  const held = await heldRecords(session, work, rules);
  await mkdir(work.workDir, { recursive: true });
  const to = join(work.workDir, 'part.parquet');
  const part = await rewritePart(session, { part: loaded.partPath, to, schema, leaving, blanked });
  return { part, held };
}

function allRules(work: CheckWork): Rule[] {
  const names = new Set(work.loaded.schema.columns.map(({ name }) => name));
  const { contract, job } = work;
  const key = job.mode === 'merge' ? job.key : [];
  const missing = key.find((column) => !names.has(column));
  if (missing !== undefined) {
    throw new SlipwayError('COLUMN_NOT_FOUND', {
      message: `the source has no key column '${missing}'`,
      fix: `Its columns are ${[...names].slice(0, 20).join(', ')}. Name the key with --key.`,
      details: { column: missing },
    });
  }
  const rules = rulesOf(contract, job.references, key).filter(({ column }) => names.has(column));
  const unknown = work.refusedColumns.map(
    (column): Rule => ({
      ...{
        column,
        reason: 'COLUMN_UNKNOWN',
        message: 'the contract does not know this column',
        mode: 'quarantine-row',
      },
      test: `${sqlName(column)} IS NOT NULL`,
    }),
  );
  const unique = contract.columns.flatMap((column): Rule[] =>
    column.unique && names.has(column.name)
      ? [
          {
            ...{
              column: column.name,
              reason: 'UNIQUE',
              message: 'the value is there already',
              test: 'false',
            },
            mode: column.onViolation ?? contract.rules,
          },
        ]
      : [],
  );
  return [...rules, ...unknown, ...unique];
}

/** Values of a unique column must be new: in this part, in the other parts of this load, and (append) in what is there. */
async function findAllRepeated(
  session: EngineSession,
  work: CheckWork,
  rules: readonly Rule[],
): Promise<number> {
  const { job, ledger, loaded, schema } = work;
  const before = job.mode === 'append' ? (job.parent?.parts.map(({ path }) => path) ?? []) : [];
  const paths = [...before, ...ledger.parts.map(({ path }) => path)];
  let rows = 0;
  for (const [rule, { reason, column }] of rules.entries()) {
    if (reason !== 'UNIQUE') continue;
    const one = { columns: schema.columns.filter(({ name }) => name === column) };
    const known = paths.length === 0 ? null : snapshotSql(paths, one);
    await findRepeated(session, { part: loaded.partPath, column, rule, known });
    rows += (await countBroken(session, rules)).byRule[rule]!;
  }
  return rows;
}

/** @throws CONTRACT_VIOLATED when a frozen rule is broken */
function requireAllowed(rules: readonly Rule[], byRule: readonly number[], work: CheckWork): void {
  for (const [i, rule] of rules.entries()) {
    const rows = byRule[i]!;
    if (rows === 0) continue;
    if (rule.mode === 'freeze') {
      throw new SlipwayError('CONTRACT_VIOLATED', {
        message: `${rows} of ${work.loaded.rows} rows break a rule of ${rule.column}: ${rule.message}`,
        fix: 'Correct the source, or let the contract keep such rows back: rules = quarantine-row.',
        details: { column: rule.column, rule: rule.reason, rows },
      });
    }
    if (rule.mode === 'evolve')
      work.ledger.warnings.push(
        `${rows} rows break a rule of ${rule.column} and were loaded: ${rule.message}`,
      );
  }
}

/** Rows that leave and values that go missing, with the bytes they came in. */
async function heldRecords(
  session: EngineSession,
  work: CheckWork,
  rules: readonly Rule[],
): Promise<HeldRecord[]> {
  const acting = rules.flatMap((rule, i) => (rule.mode === 'evolve' ? [] : [i]));
  if (acting.length === 0) return [];
  const rows = await session.rows(
    `SELECT row, rule FROM bad WHERE rule IN (${acting.join(', ')}) ORDER BY row`,
  );
  if (rows.length === 0) return [];
  const ruleOf = new Map(rows.map((row) => [Number(row['row']), Number(row['rule'])]));
  const refused: number[] = [];
  if (work.loaded.quarantinePath !== undefined)
    for await (const { record } of readHeld(work.loaded.quarantinePath)) refused.push(record);
  refused.sort((a, b) => a - b);
  const wanted = recordNumbers([...ruleOf.keys()], refused);
  const records = await readSourceRecords(work.loaded, {
    ...{ request: work.request, workDir: work.sourceDir, session, wanted },
  });
  return [...wanted].map(([record, row]): HeldRecord => {
    const rule = rules[ruleOf.get(row)!]!;
    const at = records.get(record);
    return {
      ...{
        record,
        byteOffset: at?.byteOffset ?? -1,
        reason: rule.reason,
        message: rule.message,
        column: rule.column,
      },
      ...(rule.mode === 'quarantine-value' ? { value: true } : {}),
      bytes: at?.bytes ?? Buffer.alloc(0),
    };
  });
}
