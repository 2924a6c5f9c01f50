import { allErrorSpecs } from '../kernel/errors.ts';

interface ApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, PathItem>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

interface PathItem {
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: unknown;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: unknown }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: unknown }>> }>
  >;
}

/** The API as one page to read: no script, nothing loaded from elsewhere. */
export function docsPage(document: unknown): string {
  const { info, paths, components } = document as ApiDocument;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, item]) => ({ path, method, item })),
  );
  const tags = [...new Set(operations.map(({ item }) => item.tags[0]!))];
  const sections = tags.map(
    (tag) =>
      `<h2 id="${tag}">${tag}</h2>${operations
        .filter(({ item }) => item.tags[0] === tag)
        .map(operationHtml)
        .join('')}`,
  );
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) =>
      `<details id="${name}"><summary><code>${name}</code></summary>${json(schema)}</details>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${html(info.title)} API</title><style>${STYLE}</style></head><body><main>
<h1>${html(info.title)} API <small>${html(info.version)}</small></h1>
<p>${html(info.description)}</p><p><a href="/api/openapi.json">openapi.json</a> · <a href="/">Back to Slipway</a></p>
<nav>${[...tags, 'schemas', 'errors'].map((tag) => `<a href="#${tag}">${tag}</a>`).join(' ')}</nav>
${sections.join('')}<h2 id="schemas">schemas</h2>${schemas.join('')}${errorsHtml()}</main></body></html>`;
}

function operationHtml({ path, method, item }: { path: string; method: string; item: PathItem }): string {
  const parameters = (item.parameters ?? []).map(
    (each) =>
      `<tr><td><code>${html(each.name)}</code></td><td>${each.in}${each.required ? ', required' : ''}</td><td><code>${html(JSON.stringify(each.schema))}</code></td></tr>`,
  );
  const body = Object.values(item.requestBody?.content ?? {})[0];
  const reply = Object.entries(item.responses).find(([status]) => status.startsWith('2'));
  const replySchema = Object.values(reply?.[1].content ?? {})[0];
  return `<details><summary><b class="${method}">${method.toUpperCase()}</b> <code>${html(path)}</code> <span>${html(item.summary)}</span></summary>
${parameters.length === 0 ? '' : `<table>${parameters.join('')}</table>`}
${body === undefined ? '' : `<h3>Body</h3>${json(body.schema)}`}
${replySchema === undefined ? '' : `<h3>Reply ${reply![0]}</h3>${json(replySchema.schema)}`}</details>`;
}

function errorsHtml(): string {
  const rows = [...allErrorSpecs()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([code, spec]) =>
        `<tr id="${code}"><td><code>${code}</code></td><td>${spec.status}</td><td>${spec.exit}</td><td>${html(spec.title)}</td></tr>`,
    );
  return `<h2 id="errors">errors</h2><table><tr><th>code</th><th>status</th><th>exit</th><th></th></tr>${rows.join('')}</table>`;
}

/** Schemas as JSON, with references as links. */
function json(schema: unknown): string {
  const text = html(JSON.stringify(schema, null, 2));
  const linked = text.replace(/#\/components\/schemas\/(\w+)/g, '<a href="#$1">$1</a>');
  return `<pre>${linked}</pre>`;
}

function html(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
nav { display: flex; flex-wrap: wrap; gap: .75rem; }
summary { cursor: pointer; padding: .35rem 0; } summary span { opacity: .7; }
details { border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent); }
pre { overflow: auto; padding: .75rem; border-radius: 6px; background: color-mix(in srgb, currentColor 6%, transparent); }
td, th { text-align: left; padding: .2rem .75rem .2rem 0; vertical-align: top; } small { opacity: .6; }
b { display: inline-block; min-width: 4.5rem; font-family: ui-monospace, monospace; }`;
