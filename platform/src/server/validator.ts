import { createRequire } from 'node:module';
import type { Ajv, ValidateFunction } from 'ajv';
import type { FastifyServerOptions } from 'fastify';

type CompilersFactory = NonNullable<
  NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']
>;

/** What fastify validates and writes with. Replies are typed and written as they are, not re-shaped by schemas. */
export function lazyCompilers(): CompilersFactory {
  const validator = lazyValidator();
  const serializer = () => (data: unknown) => JSON.stringify(data);
  // Fastify's types know its own two packages only, both of which would be loaded at start.
  return {
    buildValidator: () => validator,
    buildSerializer: () => serializer,
  } as unknown as CompilersFactory;
}

/**
 * Compiles a schema when its first request comes, once per distinct schema: a server that has dozens of routes listens sooner, and
 * most of them share a handful of queries and path parts. Nothing is converted, filled in or removed.
 */
function lazyValidator(): (route: { schema: unknown }) => ValidateFunction {
  const compiled = new Map<string, ValidateFunction>();
  let ajv: Ajv | undefined;
  const compile = (text: string): ValidateFunction => {
    const known = compiled.get(text);
    if (known !== undefined) return known;
    ajv ??= createAjv();
    const validate = ajv.compile(JSON.parse(text) as object);
    compiled.set(text, validate);
    return validate;
  };
  return ({ schema }) => {
    const text = JSON.stringify(schema);
    const validate = ((data: unknown) => {
      const real = compile(text);
      const valid = real(data);
      validate.errors = real.errors;
      return valid;
    }) as ValidateFunction;
    return validate;
  };
}

/** Loaded with the first schema, hence not an import. */
function createAjv(): Ajv {
  const { Ajv } = createRequire(import.meta.url)('ajv') as typeof import('ajv');
  return new Ajv({ allErrors: false, strict: false });
}
