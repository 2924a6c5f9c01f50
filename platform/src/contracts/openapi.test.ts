import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { openApiDocument } from './openapi.ts';
import { ROUTES } from './routes.ts';

interface Document {
  openapi: string;
  paths: Record<string, Record<string, PathItem>>;
  components: { schemas: Record<string, object> };
}
interface PathItem {
  operationId?: string;
  summary?: string;
  parameters?: { name: string; in: string }[];
  responses: Record<string, unknown>;
}

const document = openApiDocument('1.2.3') as unknown as Document;
const items = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, item]) => ({ path, method, item })),
);

describe('the OpenAPI document', () => {
  it('is 3.1 and holds every operation once, under its own name', () => {
    expect(document.openapi).toBe('3.1.0');
    const ids = items.flatMap(({ item }) => (item.operationId === undefined ? [] : [item.operationId]));
    expect([...ids].sort()).toEqual(Object.keys(ROUTES).sort());
  });
  it('declares every part of a path, and nothing that is not there', () => {
    for (const { path, item } of items) {
      const parts = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const declared = (item.parameters ?? [])
        .filter(({ in: place }) => place === 'path')
        .map(({ name }) => name);
      expect(declared.sort(), path).toEqual(parts.sort());
    }
  });
  it('says what every operation does and answers', () => {
    for (const { path, method, item } of items) {
      expect(item.summary, `${method} ${path}`).toMatch(/^[A-Z].*[^.]$/);
      expect(Object.keys(item.responses).length, `${method} ${path}`).toBeGreaterThan(0);
    }
  });
  it('refers only to what it holds', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)];
    expect(references.length).toBeGreaterThan(50);
    const components = document.components as unknown as Record<string, Record<string, unknown>>;
    for (const [, kind, name] of references)
      expect(components[kind!]?.[name!], `${kind}/${name}`).toBeDefined();
  });
  it('has schemas that a validator of JSON Schema 2020-12 accepts', () => {
    const ajv = new Ajv2020({ strict: false });
    ajv.addSchema({ $id: 'doc', components: document.components });
    for (const name of Object.keys(document.components.schemas)) {
      expect(() => ajv.compile({ $ref: `doc#/components/schemas/${name}` }), name).not.toThrow();
    }
  });
  it('is plain JSON', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });
});
