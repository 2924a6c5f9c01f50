import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/**
 * The architecture as a test. One table says which folder may import which; cycles, long files, long functions, reads of the
 * environment and folders without a purpose fail. When a rule hurts, redesign; an exception needs its reason in `EXCEPTIONS`.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCE = join(ROOT, 'platform/src');

const VALUES = ['kernel', 'contracts', 'tables'];
const ROOM_MAY = [...VALUES, 'ports', 'estimators'];
const ROOMS = ['feeding', 'selection', 'pipelines', 'validation', 'deployment', 'monitoring', 'registry'];

/** Folder → folders it may import, itself always included. Imports point down only. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  kernel: [],
  contracts: [],
  tables: ['kernel', 'contracts'],
  ports: VALUES,
  estimators: [...VALUES, 'ports'],
  ...Object.fromEntries(ROOMS.map((room) => [room, ROOM_MAY])),
  adapters: [...ROOM_MAY, ...ROOMS],
  app: [...ROOM_MAY, ...ROOMS, 'adapters'],
  server: [...ROOM_MAY, ...ROOMS, 'app'],
  cli: ['kernel', 'contracts', 'app', 'server'],
};

/** Of a room, adapters see only what it declares for them. */
const SEEN_BY_ADAPTERS = /\/(ports|types|errors)\.ts$/;

const FILE_LINES_MAX = 300;
const FUNCTION_LINES_MAX = 70;

/** `path` → why it may be longer. */
const EXCEPTIONS: Record<string, string> = {};

interface Module {
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  readonly imports: readonly { readonly target: string; readonly typeOnly: boolean }[];
}

const modules = sourceFiles(SOURCE)
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .map(readModule);

describe('architecture', () => {
  it('lets every folder import only what the table allows', () => {
    const offences = modules.flatMap((module) =>
      module.imports
        .map(({ target }) => ({ target, folder: folderOf(target) }))
        .filter(({ folder, target }) => !mayImport(module.folder, folder, target))
        .map(({ target }) => `${show(module.path)} → ${show(target)}`),
    );
    expect(offences).toEqual([]);
  });

  it('keeps rooms apart', () => {
    const offences = modules
      .filter((module) => ROOMS.includes(module.folder))
      .flatMap((module) =>
        module.imports
          .filter(({ target }) => ROOMS.includes(folderOf(target)) && folderOf(target) !== module.folder)
          .map(({ target }) => `${show(module.path)} → ${show(target)}`),
      );
    expect(offences).toEqual([]);
  });

  it('has no import cycles', () => {
    expect(findCycle(modules)?.map(show)).toBeUndefined();
  });

  it('keeps the browser to contracts', () => {
    const offences = sourceFiles(join(ROOT, 'web/src'))
      .filter((path) => /\.tsx?$/.test(path))
      .map(readModule)
      .flatMap((module) =>
        module.imports
          .filter(({ target }) => target.startsWith(SOURCE) && folderOf(target) !== 'contracts')
          .map(({ target }) => `${show(module.path)} → ${show(target)}`),
      );
    expect(offences).toEqual([]);
  });

  it('reads the environment in app/config.ts only', () => {
    const offences = modules.filter(
      (module) =>
        /\bprocess\.env\b/.test(stripComments(module.text)) &&
        show(module.path) !== 'platform/src/app/config.ts',
    );
    expect(offences.map((module) => show(module.path))).toEqual([]);
  });

  it('has no folder that gathers what has no home, and no barrel', () => {
    const homeless = modules.filter((module) =>
      /\/(utils?|helpers?|common|misc|shared)(\/|\.ts$)/.test(
        module.path.replace('/contracts/common.ts', ''),
      ),
    );
    expect(homeless.map((module) => show(module.path))).toEqual([]);
    const barrels = modules.filter((module) => /^export \* from/m.test(module.text));
    expect(barrels.map((module) => show(module.path))).toEqual([]);
  });

  it('opens every room with a page, types, ports and an index', () => {
    const missing = ROOMS.flatMap((room) =>
      ['README.md', 'index.ts', 'types.ts', 'ports.ts']
        .filter((name) => !exists(join(SOURCE, room, name)))
        .map((name) => `${room}/${name}`),
    );
    expect(missing).toEqual([]);
  });
});

describe('size', () => {
  it(`keeps files to ${FILE_LINES_MAX} lines`, () => {
    const long = [...modules, ...webModules()]
      .map((module) => ({ path: show(module.path), lines: module.text.split('\n').length - 1 }))
      .filter(({ path, lines }) => lines > FILE_LINES_MAX && EXCEPTIONS[path] === undefined);
    expect(long).toEqual([]);
  });

  it(`keeps functions to ${FUNCTION_LINES_MAX} lines`, () => {
    const long = modules
      .flatMap((module) =>
        functionLengths(module.text).map((entry) => ({ path: show(module.path), ...entry })),
      )
      .filter(
        ({ path, name, lines }) => lines > FUNCTION_LINES_MAX && EXCEPTIONS[`${path}#${name}`] === undefined,
      );
    expect(long).toEqual([]);
  });
});

function webModules(): Module[] {
  return sourceFiles(join(ROOT, 'web/src'))
    .filter((path) => /\.tsx?$/.test(path) && !/\.test\.tsx?$/.test(path))
    .map(readModule);
}

function mayImport(from: string, to: string, target: string): boolean {
  if (from === to) return true;
  if (!(MAY_IMPORT[from] ?? []).includes(to)) return false;
  return from !== 'adapters' || !ROOMS.includes(to) || SEEN_BY_ADAPTERS.test(target);
}

function readModule(path: string): Module {
  const text = readFileSync(path, 'utf8');
  const code = stripComments(text);
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s+(type\s)?[^'";]*?from\s+'(\.[^']+)'|\bimport\(\s*'(\.[^']+)'\s*\)/g;
  const imports = [...code.matchAll(pattern)].map((match) => ({
    target: resolve(dirname(path), (match[2] ?? match[3])!),
    typeOnly: match[1] !== undefined,
  }));
  return { path, folder: folderOf(path), text, imports };
}

function folderOf(path: string): string {
  return relative(SOURCE, path).split('/')[0]!;
}

function show(path: string): string {
  return relative(ROOT, path);
}

/** Cycles of imports that exist at run time or in types: both tangle readers. */
function findCycle(all: readonly Module[]): string[] | undefined {
  const byPath = new Map(all.map((module) => [module.path, module]));
  const state = new Map<string, 'open' | 'done'>();
  const stack: string[] = [];
  const visit = (path: string): string[] | undefined => {
    if (state.get(path) === 'done') return undefined;
    if (state.get(path) === 'open') return [...stack.slice(stack.indexOf(path)), path];
    state.set(path, 'open');
    stack.push(path);
    for (const { target } of byPath.get(path)?.imports ?? []) {
      const cycle = byPath.has(target) ? visit(target) : undefined;
      if (cycle !== undefined) return cycle;
    }
    stack.pop();
    state.set(path, 'done');
    return undefined;
  };
  for (const module of all) {
    const cycle = visit(module.path);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

/**
 * Lengths of top-level functions: Biome's formatting puts their closing brace alone in the first column. A factory that returns an
 * object of methods is no long function: each of its methods is measured, and what stands around them.
 */
function functionLengths(text: string): { name: string; lines: number }[] {
  const lines = text.split('\n');
  const found: { name: string; lines: number }[] = [];
  for (let i = 0; i < lines.length; i++) {
    const match =
      /^(?:export )?(?:async )?function\*? (\w+)|^(?:export )?const (\w+) = (?:async )?\(?.*=> \{$/.exec(
        lines[i]!,
      );
    if (match === null) continue;
    const end = lines.findIndex((line, index) => index > i && /^\}[);,]*$/.test(line));
    const name = (match[1] ?? match[2])!;
    const methods = methodsOf(lines, i, end);
    const inMethods = methods.reduce((sum, method) => sum + method.lines, 0);
    found.push({ name, lines: end - i + 1 - inMethods });
    found.push(...methods.map((method) => ({ name: `${name}.${method.name}`, lines: method.lines })));
  }
  return found;
}

/** Methods of an object that a function returns: two steps deep in Biome's formatting. */
function methodsOf(lines: readonly string[], from: number, to: number): { name: string; lines: number }[] {
  const start = lines.findIndex((line, index) => index > from && index < to && line === '  return {');
  if (start === -1) return [];
  const methods: { name: string; lines: number }[] = [];
  for (let i = start + 1; i < to; i++) {
    const name = /^ {4}(?:async )?(\w+)(?:: |\().*[{(]$/.exec(lines[i]!)?.[1];
    if (name === undefined) continue;
    const end = lines.findIndex((line, index) => index > i && index < to && /^ {4}[})\]]+,?$/.test(line));
    if (end === -1) continue;
    methods.push({ name, lines: end - i + 1 });
    i = end;
  }
  return methods;
}

function stripComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/[^\n]*/g, '$1');
}

function sourceFiles(folder: string): string[] {
  if (!exists(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sourceFiles(path) : [path];
  });
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
