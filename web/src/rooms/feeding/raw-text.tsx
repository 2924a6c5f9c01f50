import { useQuery } from '@tanstack/react-query';
import type { QuarantineItem } from '../../../../platform/src/contracts/data-loads.ts';
import { pathOf, QUARANTINE_EXPORT_PATH } from '../../../../platform/src/contracts/routes.ts';
import { exactText, locate, type RecordShape, visible } from './raw-record.ts';

/** A record as it came: signs for what cannot be seen, the failing part marked. */
export function RawText(props: {
  readonly item: QuarantineItem;
  readonly shape: RecordShape;
  readonly whole?: boolean;
  readonly text?: string;
}) {
  const { item, shape, whole = false } = props;
  const text = props.text ?? item.text;
  const span = text === item.text ? locate(item, shape) : undefined;
  if (span === undefined)
    return (
      <code className={whole ? 'raw whole' : 'raw'}>
        <Signs text={text} />
      </code>
    );
  return (
    <code className={whole ? 'raw whole' : 'raw'}>
      <Signs text={text.slice(0, span.start)} />
      <mark>{span.start === span.end ? '∅' : <Signs text={text.slice(span.start, span.end)} />}</mark>
      <Signs text={text.slice(span.end)} />
    </code>
  );
}

function Signs({ text }: { readonly text: string }) {
  return visible(text).map((part, index) =>
    part.sign ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text have no other identity than their place
      <i key={index} className={part.text.startsWith('\\x') ? 'alien' : ''}>
        {part.text}
      </i>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text have no other identity than their place
      <span key={index}>{part.text}</span>
    ),
  );
}

/** The very bytes of a record whose text cannot show them: read from the export, which has them all. */
export function useExactText(dataset: string, item: QuarantineItem): string | undefined {
  const bytes = useQuery({
    queryKey: ['quarantineBytes', item.id],
    enabled: item.text.includes('\uFFFD'),
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) => findBytes(dataset, item.id, signal),
  });
  return bytes.data === undefined || bytes.data === null ? undefined : exactText(bytes.data);
}

async function findBytes(dataset: string, id: string, signal: AbortSignal): Promise<Uint8Array | null> {
  const reply = await fetch(pathOf(QUARANTINE_EXPORT_PATH, { name: dataset }), { signal });
  const reader = reply.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    const lines = (rest + (value ?? '')).split('\n');
    rest = done ? '' : lines.pop()!;
    const line = lines.find((text) => text.includes(id));
    if (line !== undefined) {
      await reader.cancel();
      const { bytes } = JSON.parse(line) as { bytes: string };
      return Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0));
    }
    if (done) return null;
  }
  return null;
}
