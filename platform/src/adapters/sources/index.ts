import type { SourceConnector } from '../../feeding/ports.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import './errors.ts';

type Loading = () => Promise<Omit<SourceConnector, 'schemes'>>;

/** Drivers are loaded when they are used: a load from a file should not pay for four databases. */
const KINDS: readonly (readonly [schemes: readonly string[], load: Loading])[] = [
  [['file'], async () => (await import('./file.ts')).fileSource],
  [['http', 'https'], async () => (await import('./http.ts')).httpSource],
  [['s3'], async () => (await import('./s3.ts')).s3Source],
  [['postgres', 'postgresql'], async () => (await import('./postgres.ts')).postgresSource],
];

/**
 * The connector for a URI, by its scheme; an absolute path is a file.
 *
 * @throws SOURCE_KIND_UNKNOWN
 */
export function createSources(): (uri: string) => SourceConnector {
  return (uri) => {
    const scheme = uri.startsWith('/') ? 'file' : /^([a-z][a-z0-9+.-]*):/.exec(uri)?.[1];
    const kind = KINDS.find(([schemes]) => scheme !== undefined && schemes.includes(scheme));
    if (kind === undefined) throw unknownKind(scheme);
    return lazily(...kind);
  };
}

function lazily(schemes: readonly string[], load: Loading): SourceConnector {
  return {
    schemes,
    check: async (spec, context) => (await load()).check(spec, context),
    discover: async (spec, context, limit) => (await load()).discover(spec, context, limit),
    fetch: async (spec, context) => (await load()).fetch(spec, context),
  };
}

function unknownKind(scheme: string | undefined): SlipwayError {
  const known = KINDS.flatMap(([schemes]) => schemes).map((name) => `${name}:`);
  return new SlipwayError('SOURCE_KIND_UNKNOWN', {
    message:
      scheme === undefined
        ? 'the source is neither an absolute path nor a URI'
        : `there are no sources of the kind '${scheme}:'`,
    fix: `Name an absolute path, or a URI with one of ${known.join(', ')}.`,
    details: { scheme: scheme ?? null },
  });
}
