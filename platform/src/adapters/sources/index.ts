import type { SourceConnector } from '../../feeding/ports.ts';
import { SlipwayError } from '../../kernel/errors.ts';

export function createSources(): (uri: string) => SourceConnector {
  return (uri) => {
    throw new SlipwayError('USAGE', { message: `no source kind for ${uri.split(':')[0]}` });
  };
}
