import type { Problem } from '../../../../platform/src/contracts/common.ts';
import type { ExportFormat } from '../../../../platform/src/contracts/data-query.ts';
import { EXPORT_PATH } from '../../../../platform/src/contracts/routes.ts';
import { ApiError } from '../../api/api.ts';
import { useAction } from '../../api/use-action.ts';

const FORMATS: readonly (readonly [ExportFormat, string])[] = [
  ['parquet', 'Parquet'],
  ['csv', 'CSV'],
  ['ndjson', 'NDJSON'],
  ['arrow', 'Arrow'],
];

/** Writes a query's whole result into a file of the person's. */
export function ExportButtons({ sql, file }: { readonly sql: string; readonly file: string }) {
  const save = useAction(async (format: ExportFormat) => {
    const reply = await fetch(EXPORT_PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ sql, format }),
    });
    if (!reply.ok) throw new ApiError((await reply.json()) as Problem);
    download(await reply.blob(), `${file}.${format}`);
  });
  const failed = save.error instanceof ApiError ? save.error.problem.detail : save.error?.message;
  return (
    <fieldset
      aria-label="Export"
      style={{
        display: 'flex',
        flexWrap: 'wrap',
        gap: 4,
        alignItems: 'center',
        border: 0,
        margin: 0,
        padding: 0,
      }}
    >
      {failed !== undefined && (
        <span role="alert" style={{ color: 'var(--fail)' }}>
          {failed.split('\n')[0]!.slice(0, 80)}
        </span>
      )}
      <span>Export</span>
      {FORMATS.map(([format, name]) => (
        <button
          key={format}
          type="button"
          className="button"
          style={{ height: 24, padding: '0 8px' }}
          disabled={save.isPending}
          onClick={() => save.mutate(format)}
        >
          {name}
        </button>
      ))}
    </fieldset>
  );
}

export function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // Only after the browser has begun to read it.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
