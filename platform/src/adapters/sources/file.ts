import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { FetchedFile, SourceConnector, SourceContext, SourceSpec } from '../../feeding/ports.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { LIMITS } from '../../kernel/limits.ts';
import { nearestName } from '../../kernel/names.ts';
import { fixedRoot, globPattern, hasGlob } from './glob.ts';
import { markOf, seenMarks, seenPosition } from './seen.ts';

interface LocalFile {
  readonly path: string;
  readonly bytes: number;
  /** Changes with the content, as far as a file system tells. */
  readonly version: string;
}

/**
 * Files of this machine: one, or those that a pattern matches, in the order of their paths. They are read where they are. A later read of
 * the same feed takes only files that are new or have changed; a changed one is read whole.
 */
export const fileSource: Omit<SourceConnector, 'schemes'> = {
  async check(spec) {
    const files = await listFiles(spec, LIMITS.sourceFilesMax);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    return { message: `${files.length} file${files.length === 1 ? '' : 's'}, ${bytes} bytes` };
  },

  async discover(spec, _context, limit) {
    const files = await listFiles(spec, LIMITS.sourceFilesMax);
    return files.slice(0, limit).map(({ path, bytes }) => ({ name: path, bytes }));
  },

  async fetch(spec, context) {
    const files = await listFiles(spec, LIMITS.sourceFilesMax);
    return newFiles(files, context);
  },
};

function newFiles(files: readonly LocalFile[], { position, onProgress }: SourceContext) {
  const seen = seenMarks(position);
  const marks = files.map(({ path, version }) => markOf(path, version));
  const fresh = files.filter((_, i) => !seen.has(marks[i]!));
  const bytes = fresh.reduce((sum, file) => sum + file.bytes, 0);
  onProgress({ bytes, bytesTotal: bytes, message: `${fresh.length} of ${files.length} files are new` });
  return {
    files: fresh.map(fetchedFile),
    position: seenPosition(marks),
    lineage: { matched: files.length },
  };
}

function fetchedFile({ path, bytes, version }: LocalFile): FetchedFile {
  const uri = pathToFileURL(path).href;
  return { path, fileName: basename(path), uri, bytes, etag: version, temporary: false };
}

async function listFiles(spec: SourceSpec, limit: number): Promise<LocalFile[]> {
  const path = pathOf(spec.uri);
  const single = await stat(path).catch(() => undefined);
  if (single?.isFile()) return [localFile(path, single)];
  if (single?.isDirectory()) throw isFolder(path);
  if (!hasGlob(path)) throw await notFound(path);
  const files = await matching(path, limit);
  if (files.length === 0) throw nothingMatches(path);
  return files;
}

function pathOf(uri: string): string {
  if (uri.startsWith('/')) return uri;
  try {
    // A question mark is a wildcard here and not the beginning of a query.
    return fileURLToPath(uri.replaceAll('?', '%3F').replaceAll('#', '%23'));
  } catch (cause) {
    throw new SlipwayError('USAGE', {
      message: `${uri} is no address of a file on this machine`,
      fix: 'Write an absolute path, or file:///absolute/path.',
      cause,
    });
  }
}

/** Links inside the pattern's root count as what they point to, unless that is outside; linked folders are not walked (they may go round). */
async function matching(pattern: string, limit: number): Promise<LocalFile[]> {
  const root = fixedRoot(pattern);
  const matches = globPattern(pattern);
  const depth = pattern.includes('**')
    ? Number.POSITIVE_INFINITY
    : pattern.slice(root.length).split('/').length;
  const inside = await realpath(root).catch(() => undefined);
  if (inside === undefined) throw await notFound(root);
  const found: LocalFile[] = [];
  const walk = async (folder: string, level: number): Promise<void> => {
    for (const entry of await entriesOf(folder)) {
      const path = folder + entry.name;
      if (entry.isDirectory()) {
        if (level < depth && !entry.name.startsWith('.')) await walk(`${path}/`, level + 1);
        continue;
      }
      if (!matches.test(path)) continue;
      const file = await regularFile(path, entry, inside);
      if (file === undefined) continue;
      found.push(file);
      if (found.length > limit) throw tooMany(pattern, limit);
    }
  };
  await walk(root, 1);
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch((cause: Error) => {
    throw new SlipwayError('SOURCE_UNREADABLE', {
      message: `the folder ${folder} cannot be listed: ${cause.message}`,
      fix: 'Allow the user that runs Slipway to read it, or write a pattern that leaves it out.',
      cause,
    });
  });
}

async function regularFile(path: string, entry: Dirent, root: string): Promise<LocalFile | undefined> {
  if (entry.isSymbolicLink()) {
    const target = await realpath(path).catch(() => undefined);
    if (target === undefined || !target.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined;
  }
  const info = await stat(path);
  return info.isFile() ? localFile(path, info) : undefined;
}

function localFile(path: string, info: { size: number; mtimeMs: number }): LocalFile {
  return { path, bytes: info.size, version: `${info.mtimeMs}-${info.size}` };
}

function isFolder(path: string): SlipwayError {
  return new SlipwayError('SOURCE_UNREADABLE', {
    message: `${path} is a folder`,
    fix: `Say which of its files, for example ${join(path, '*.csv')} or ${join(path, '**', '*.parquet')}.`,
    details: { path },
  });
}

async function notFound(path: string): Promise<SlipwayError> {
  // A folder that cannot be listed only costs the suggestion.
  const siblings = await readdir(dirname(path)).catch(() => []);
  const near = nearestName(basename(path), siblings);
  return new SlipwayError('SOURCE_NOT_FOUND', {
    message: `there is no file ${path}`,
    fix: near === undefined ? 'Check the path.' : `Did you mean '${near}'?`,
    details: { path },
  });
}

function nothingMatches(pattern: string): SlipwayError {
  return new SlipwayError('SOURCE_NOT_FOUND', {
    message: `no file matches ${pattern}`,
    fix: 'Check the pattern: * stands for any part of a name, ** for any number of folders; hidden files are left out.',
    details: { path: pattern },
  });
}

function tooMany(pattern: string, limit: number): SlipwayError {
  return new SlipwayError('LIMIT_EXCEEDED', {
    message: `more than ${limit} files match ${pattern}`,
    fix: 'Write a narrower pattern, and load in several steps.',
  });
}
