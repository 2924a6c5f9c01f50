import { SlipwayError } from '../kernel/errors.ts';
import type { EngineSession } from '../ports/engine.ts';
import type { SchemaColumn } from '../tables/table.ts';
import { partPathIn } from './part-file.ts';
import type { Quarantine } from './quarantine.ts';
import type { PlainSource } from './source-file.ts';
import { measurePart, profileOf } from './statistics.ts';
import type { LoadedSource, LoadProgress, LoadRequest, SourceFormat } from './types.ts';

const REJECT_SHARE_MAX = 0.2;
const REJECT_ROWS_FREE = 100;

export interface Finish {
  readonly request: LoadRequest;
  readonly source: PlainSource;
  readonly format: SourceFormat;
  readonly workDir: string;
  readonly session: EngineSession;
  readonly report: (progress: LoadProgress) => void;
  readonly columns: readonly SchemaColumn[];
  readonly quarantine: Quarantine;
  readonly sourceRows: number;
  /** sha256 of the file as it came. */
  readonly digest: string;
  readonly header: boolean;
  readonly delimiter: string | null;
}

/** Profiles the part that was written, and proves that no row was lost. */
export async function finishLoad(finish: Finish): Promise<LoadedSource> {
  const { request, source, quarantine, sourceRows, workDir, report } = finish;
  const schema = {
    columns: finish.columns.map(({ name, type, missingTokens, dateFormat }) => ({
      name,
      type,
      missingTokens,
      ...(dateFormat === undefined ? {} : { dateFormat }),
    })),
  };
  report({ phase: 'profiling', rows: sourceRows, bytes: source.bytes, bytesTotal: source.bytes });
  const statistics = await measurePart(finish.session, partPathIn(workDir), schema);
  const { rows } = statistics;
  if (rows + quarantine.count !== sourceRows) {
    throw new SlipwayError('ROWS_UNACCOUNTED', {
      message: `${rows} rows loaded and ${quarantine.count} quarantined, but the source has ${sourceRows}`,
      fix: 'Nothing was published. Report this with the file, if it can be shared.',
      details: { rows, quarantined: quarantine.count, sourceRows },
    });
  }
  return {
    partPath: partPathIn(workDir),
    ...(quarantine.count === 0 ? {} : { quarantinePath: quarantine.path }),
    rows,
    quarantined: quarantine.count,
    sourceRows,
    source: {
      uri: request.fileName,
      format: finish.format,
      compression: source.compression,
      digest: finish.digest,
      bytes: source.packed.bytes,
      header: finish.header,
      delimiter: finish.delimiter,
    },
    schema,
    profile: profileOf(statistics, schema),
    quarantineSample: quarantine.sample,
    quarantineReasons: quarantine.counts(),
    fingerprint: `${rows}-${statistics.fingerprint}`,
    statistics,
  };
}

/** @throws REJECT_BUDGET_EXCEEDED when more rows were refused than the request allows, or all of them. */
export function requireBudget(request: LoadRequest, sourceRows: number, quarantine: Quarantine): void {
  if (request.mayRefuseAll) return;
  const share = request.rejectShareMax ?? REJECT_SHARE_MAX;
  const allowed = Math.max(REJECT_ROWS_FREE, Math.floor(share * sourceRows));
  if (quarantine.count <= allowed && quarantine.count < sourceRows) return;
  const [worst] = quarantine.counts();
  const first = quarantine.sample.find((row) => row.reason === worst?.reason);
  throw new SlipwayError('REJECT_BUDGET_EXCEEDED', {
    message: `${quarantine.count} of ${sourceRows} rows do not fit, mostly ${worst?.reason} (record ${first?.record}: ${first?.message})`,
    fix: 'Correct the source, or say how it is meant: --header yes|no, --types column=string.',
    details: {
      quarantined: quarantine.count,
      sourceRows,
      allowed,
      reasons: quarantine.counts(),
      sample: quarantine.sample.slice(0, 5),
    },
  });
}
