import type { Page, PageQuery } from '../contracts/common.ts';
import type { ReportDetail, ReportSummary } from '../contracts/validations.ts';
import type { Tx } from '../ports/transaction.ts';

/** Where reports are recorded; a report is immutable but for the version it became. */
export interface ReportStore {
  insert(tx: Tx, report: ReportDetail): Promise<void>;
  setVersion(tx: Tx, reportId: string, version: number): Promise<void>;
  find(id: string): Promise<ReportDetail | undefined>;
  list(query: PageQuery & { model?: string }): Promise<Page<ReportSummary>>;
  /** How often reports of this model name opened the test part with this key. */
  testOpenings(model: string, testKey: string): Promise<number>;
  recordOpening(tx: Tx, opening: { model: string; testKey: string; reportId: string }): Promise<void>;
}
