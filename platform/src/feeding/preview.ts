import type { RowsPreview } from '../contracts/datasets.ts';
import { type Engine, sqlName, sqlText } from '../ports/engine.ts';
import { cellText, type TableSchema } from '../tables/table.ts';

export interface PreviewRequest {
  readonly partPath: string;
  readonly schema: TableSchema;
  readonly workDir: string;
  readonly limit: number;
}

/** The first rows of a snapshot part, as texts. */
export async function previewRows(
  request: PreviewRequest,
  deps: { readonly engine: Engine },
): Promise<RowsPreview> {
  const session = await deps.engine.open({ workDir: request.workDir });
  try {
    const names = request.schema.columns.map((column) => column.name);
    const table = await session.table(
      `SELECT ${names.map(sqlName).join(', ')} FROM read_parquet(${sqlText(request.partPath)}) LIMIT ${Math.trunc(request.limit)}`,
    );
    const rows = Array.from({ length: table.rows }, (_, row) =>
      table.columns.map((column) => cellText(column, row)),
    );
    return { columns: names, rows };
  } finally {
    await session.close();
  }
}
