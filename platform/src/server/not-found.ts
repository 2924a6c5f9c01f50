import { ROUTES, STREAMS } from '../contracts/routes.ts';
import { SlipwayError } from '../kernel/errors.ts';
import { nearestName } from '../kernel/names.ts';

interface Known {
  readonly method: string;
  readonly path: string;
}

const KNOWN: readonly Known[] = [
  ...Object.values(ROUTES),
  { method: 'GET', path: STREAMS.run },
  { method: 'GET', path: STREAMS.events },
];

/** What to say of a path that answers nothing: another method it knows, or the nearest path there is. */
export function notFoundError(method: string, path: string): SlipwayError {
  const methods = KNOWN.filter((route) => patternOf(route.path).test(path)).map((route) => route.method);
  if (methods.length > 0) {
    return new SlipwayError('METHOD_NOT_ALLOWED', {
      message: `${path} does not know ${method}`,
      fix: `Use ${methods.join(' or ')}.`,
      details: { allowed: methods },
    });
  }
  const near = nearestName(
    path,
    KNOWN.map((route) => route.path),
  );
  return new SlipwayError('NOT_FOUND', {
    message: `there is nothing at ${path.slice(0, 200)}`,
    fix: `${near === undefined ? '' : `Did you mean '${near}'? `}All paths are listed at /api/docs.`,
    ...(near === undefined ? {} : { details: { nearest: near } }),
  });
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/:[a-zA-Z]+/g, '[^/]+')}$`);
}
