import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CandidateFailure, LeaderboardRow } from '../contracts/studies.ts';
import { digestOf } from '../kernel/canonical-json.ts';
import type { StudyRequest } from './types.ts';

/** Grows when records of an older program could not be continued. */
const FORMAT = 1;

/** A finished schedule entry: what the leaderboard shows, and what the refit needs. */
export interface CandidateRecord {
  readonly index: number;
  readonly row: LeaderboardRow;
  readonly foldRounds: readonly number[];
  readonly foldSeconds: readonly number[];
}

/**
 * What survives a kill: each finished candidate with its out-of-fold predictions, and the seconds used so far. A file is either
 * whole (written beside, then renamed) or not there; a folder that belongs to another search is cleared.
 */
export class Journal {
  readonly #folder: string;
  /** Seconds that earlier attempts at this study have used. */
  readonly secondsBefore: number;

  constructor(folder: string, request: StudyRequest) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    const key = searchKey(request);
    const found = this.#readJson<{ key: string }>('study.json');
    if (found?.key !== key) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      this.#write('study.json', JSON.stringify({ key }));
    }
    this.secondsBefore = this.#readJson<{ seconds: number }>('used.json')?.seconds ?? 0;
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  recordSeconds(seconds: number): void {
    this.#write('used.json', JSON.stringify({ seconds }));
  }

  /** Out-of-fold predictions first: a record is only there when they are. */
  add(record: CandidateRecord, predictions: Float64Array): void {
    this.#write(predictionsName(record.index), new Uint8Array(predictions.buffer, 0, predictions.byteLength));
    this.#write(recordName(record.index), JSON.stringify(record));
  }

  /** The record of an entry, or undefined when it has not been finished. */
  record(index: number): CandidateRecord | undefined {
    return this.#readJson<CandidateRecord>(recordName(index));
  }

  /** An entry that could not be fitted is not tried again: what hung would hang once more. */
  addFailure(index: number, failure: CandidateFailure): void {
    this.#write(failureName(index), JSON.stringify(failure));
  }

  failure(index: number): CandidateFailure | undefined {
    return this.#readJson<CandidateFailure>(failureName(index));
  }

  /** Row-major out-of-fold rows × outputs, folds one after the other. */
  predictions(index: number): Float64Array {
    const bytes = readFileSync(this.path(predictionsName(index)));
    const values = new Float64Array(bytes.byteLength / 8);
    new Uint8Array(values.buffer).set(bytes);
    return values;
  }

  /** Number of stored predictions; 0 when there are none. */
  predictionsLength(index: number): number {
    return (statSync(this.path(predictionsName(index)), { throwIfNoEntry: false })?.size ?? 0) / 8;
  }

  writeFile(name: string, data: Uint8Array | string): string {
    this.#write(name, data);
    return this.path(name);
  }

  #write(name: string, data: Uint8Array | string): void {
    const path = this.path(name);
    writeFileSync(`${path}.new`, data);
    renameSync(`${path}.new`, path);
  }

  #readJson<T>(name: string): T | undefined {
    try {
      return JSON.parse(readFileSync(this.path(name), 'utf8')) as T;
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      // A torn file (the machine lost power) is as good as none: the entry is fitted again.
      if (missing || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }
}

/** What decides the result of each entry; not how far the list is followed, how fast, or where. */
function searchKey(request: StudyRequest): string {
  const { studyId, partPath, journalDir, budgetSeconds, position, threads, ...search } = request;
  return digestOf({ format: FORMAT, search });
}

function recordName(index: number): string {
  return `candidate-${String(index).padStart(3, '0')}.json`;
}

function failureName(index: number): string {
  return `candidate-${String(index).padStart(3, '0')}.failed.json`;
}

function predictionsName(index: number): string {
  return `candidate-${String(index).padStart(3, '0')}.f64`;
}
