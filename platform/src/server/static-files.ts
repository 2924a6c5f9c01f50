import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { notFoundError } from './not-found.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

interface StaticFile {
  readonly path: string;
  readonly type: string;
  readonly etag: string;
  /** Content-hashed name: it never changes. */
  readonly immutable: boolean;
  /** Encodings that lie beside it. */
  readonly encodings: readonly ('br' | 'gzip')[];
}

/**
 * Serves the built UI from a table read at start, so no path of a request ever reaches the file system. Paths that are no file and
 * no API are pages of the UI and get its index.
 *
 * @param folder `web/dist`; when it is not built, `/` says so.
 */
export function registerStaticFiles(server: FastifyInstance, folder: string): void {
  const files = existsSync(join(folder, 'index.html')) ? readFolder(folder) : new Map<string, StaticFile>();
  const index = files.get('/index.html');
  const policy = contentPolicy(index === undefined ? '' : readFileSync(index.path, 'utf8'));
  server.addHook('onSend', async (_request, reply) => {
    reply.headers({
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
  });
  server.get('/*', async (request, reply) => {
    const path = request.url.split('?')[0]!;
    const file = files.get(path === '/' ? '/index.html' : path);
    if (file !== undefined) return send(request, reply, file);
    if (!isPage(path)) throw notFoundError(request.method, path);
    if (index === undefined) return reply.type(TYPES['.html']!).send(NOT_BUILT);
    return send(request, reply, index);
  });
}

const NOT_BUILT =
  '<!doctype html><meta charset="utf-8"><title>Slipway</title><p>Slipway runs, and its pages are not built: ' +
  'run <code>npm run build</code> and start it again. The API is described at <a href="/api/docs">/api/docs</a>.';

/** Pages of the UI have no file ending, and no API answers under them. Names of things may hold dots, so depth tells. */
function isPage(path: string): boolean {
  if (/^\/(api|v2|metrics|health|assets|models)(\/|$)/.test(path)) return false;
  return extname(path) === '' || path.split('/').length > 2;
}

function send(request: FastifyRequest, reply: FastifyReply, file: StaticFile): FastifyReply {
  const accepted = String(request.headers['accept-encoding'] ?? '');
  const encoding = file.encodings.find((name) => new RegExp(`\\b${name}\\b`).test(accepted));
  reply.headers({
    'content-type': file.type,
    etag: file.etag,
    vary: 'accept-encoding',
    'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send();
  if (encoding !== undefined) reply.header('content-encoding', encoding);
  const path = encoding === undefined ? file.path : `${file.path}.${encoding === 'br' ? 'br' : 'gz'}`;
  return reply.header('content-length', statSync(path).size).send(createReadStream(path));
}

function readFolder(folder: string): Map<string, StaticFile> {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  const paths = new Set(
    entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)),
  );
  const files = new Map<string, StaticFile>();
  for (const path of paths) {
    const type = TYPES[extname(path)];
    if (type === undefined) continue;
    const url = `/${relative(folder, path).split(sep).join('/')}`;
    const { size, mtimeMs } = statSync(path);
    files.set(url, {
      path,
      type,
      etag: `"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`,
      immutable: url.startsWith('/assets/'),
      encodings: [
        ...(paths.has(`${path}.br`) ? (['br'] as const) : []),
        ...(paths.has(`${path}.gz`) ? (['gzip'] as const) : []),
      ],
    });
  }
  return files;
}

/** Only the server's own code runs; scripts written into the index are allowed by their digest. */
function contentPolicy(index: string): string {
  const inline = [...index.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(
    (match) => `'sha256-${createHash('sha256').update(match[1]!).digest('base64')}'`,
  );
  return [
    "default-src 'self'",
    `script-src ${["'self'", ...inline].join(' ')}`,
    // Component libraries position things by style attributes.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}
