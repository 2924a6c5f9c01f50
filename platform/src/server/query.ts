import type { TSchema } from '@sinclair/typebox';

/**
 * Query strings and path parts are text: numbers and booleans are read by the schema before it validates. Text that is not a
 * number is left as it is, so that validation names it. Bodies are never converted.
 */
export function readQuery(
  schema: TSchema,
  query: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const properties = (schema['properties'] ?? {}) as Record<string, { readonly type?: string }>;
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => [name, convert(properties[name]?.type, value)]),
  );
}

function convert(type: string | undefined, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (type === 'boolean') return value === 'true' ? true : value === 'false' ? false : value;
  if (type !== 'integer' && type !== 'number') return value;
  return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}
