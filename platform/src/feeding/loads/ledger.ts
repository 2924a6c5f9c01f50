import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContractBody } from '../../contracts/data-contracts.ts';
import type { QuarantinedRow } from '../../contracts/datasets.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import type { TableSchema } from '../../tables/table.ts';
import { DEFAULT_MODES } from '../contracts/contract.ts';
import type { LoadedSource, RecordShape } from '../types.ts';
import { type HeldRecord, heldLine } from './held-records.ts';
import type { LoadJob, LoadOutcome, NewPart, QuarantineFile } from './job.ts';

const SAMPLE_ROWS = 100;
const EXCERPT_CHARS = 2000;
const LINES_PER_WRITE = 2000;

/** What a load has so far: parts, what was kept back and why, and the sums that must come out even. */
export class LoadLedger {
  readonly parts: NewPart[] = [];
  readonly changes: string[] = [];
  readonly warnings: string[] = [];
  readonly sources: LoadedSource['source'][] = [];
  contract: ContractBody | null;
  readSchema: TableSchema = { columns: [] };
  sourceRows = 0;
  loaded = 0;
  quarantined = 0;
  values = 0;
  private readonly reasons = new Map<string, number>();
  private readonly sample: QuarantinedRow[] = [];
  private readonly files: QuarantineFile[] = [];
  private readonly job: LoadJob;

  constructor(job: LoadJob) {
    this.job = job;
    this.contract = job.contract;
  }

  /** Columns of several inputs together; a later one's reading of a column stands. */
  addSchema(schema: TableSchema): void {
    const columns = new Map(this.readSchema.columns.map((column) => [column.name, column]));
    for (const column of schema.columns) columns.set(column.name, column);
    this.readSchema = { columns: [...columns.values()] };
  }

  /** Writes what one input kept back; rows and single values alike. */
  async keepBack(
    shape: RecordShape,
    records: AsyncIterable<HeldRecord> | Iterable<HeldRecord>,
  ): Promise<void> {
    let file: FileHandle | undefined;
    const path = join(this.job.workDir, `quarantine-${this.files.length}.ndjson`);
    let pending: string[] = [];
    let rows = 0;
    try {
      for await (const record of records) {
        this.count(record);
        rows++;
        pending.push(heldLine(record));
        if (pending.length < LINES_PER_WRITE) continue;
        file ??= await open(path, 'w', 0o600);
        await file.appendFile(pending.join(''));
        pending = [];
      }
      if (pending.length > 0) {
        file ??= await open(path, 'w', 0o600);
        await file.appendFile(pending.join(''));
      }
    } finally {
      await file?.close();
    }
    if (rows > 0) this.files.push({ ...shape, path, rows });
  }

  private count(held: HeldRecord): void {
    if (held.value) this.values++;
    else this.quarantined++;
    this.reasons.set(held.reason, (this.reasons.get(held.reason) ?? 0) + 1);
    if (this.sample.length >= SAMPLE_ROWS) return;
    const { bytes, value: _value, source: _source, ...facts } = held;
    const excerpt = bytes.toString('utf8', 0, EXCERPT_CHARS * 4).slice(0, EXCERPT_CHARS);
    this.sample.push({ ...facts, excerpt });
  }

  /** @throws REJECT_BUDGET_EXCEEDED, ROWS_UNACCOUNTED */
  requireBudget(): void {
    if (this.loaded + this.quarantined !== this.sourceRows) {
      throw new SlipwayError('ROWS_UNACCOUNTED', {
        message: `${this.loaded} rows loaded and ${this.quarantined} quarantined, but the source has ${this.sourceRows}`,
        fix: 'Nothing was published. Report this with the source, if it can be shared.',
        details: { loaded: this.loaded, quarantined: this.quarantined, sourceRows: this.sourceRows },
      });
    }
    if (this.job.mayRefuseAll) return;
    const { rows, share } = this.contract?.rejectBudget ?? DEFAULT_MODES.rejectBudget;
    const allowed = Math.max(rows, Math.floor(share * this.sourceRows));
    if (this.quarantined <= allowed && (this.quarantined < this.sourceRows || this.sourceRows === 0)) return;
    const [worst] = this.counts();
    const first = this.sample.find((row) => row.reason === worst?.reason);
    throw new SlipwayError('REJECT_BUDGET_EXCEEDED', {
      message: `${this.quarantined} of ${this.sourceRows} rows do not fit, mostly ${worst?.reason} (record ${first?.record}${first?.column === undefined ? '' : `, ${first.column}`}: ${first?.message})`,
      fix: 'Correct the source, or change the contract: its types and rules, or rejectBudget.',
      details: {
        quarantined: this.quarantined,
        sourceRows: this.sourceRows,
        allowed,
        reasons: this.counts(),
        sample: this.sample.slice(0, 5),
      },
    });
  }

  /** Most frequent first. */
  private counts(): { reason: string; count: number }[] {
    return [...this.reasons]
      .map(([reason, count]) => ({ reason, count }))
      .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
  }

  async close(): Promise<
    Pick<
      LoadOutcome,
      | 'quarantine'
      | 'sourceRows'
      | 'loaded'
      | 'quarantined'
      | 'quarantinedValues'
      | 'quarantineReasons'
      | 'quarantineSample'
    >
  > {
    return {
      quarantine: this.files,
      sourceRows: this.sourceRows,
      loaded: this.loaded,
      quarantined: this.quarantined,
      quarantinedValues: this.values,
      quarantineReasons: this.counts(),
      quarantineSample: this.sample,
    };
  }
}
