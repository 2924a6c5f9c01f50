import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What `<home>/server.json` says: who serves this home, and where. */
export interface ServerFile {
  readonly pid: number;
  readonly url: string;
  /** Epoch ms. */
  readonly startedAt: number;
}

export function serverFilePath(home: string): string {
  return join(home, 'server.json');
}

/** Appears whole or not at all. */
export async function writeServerFile(home: string, content: ServerFile): Promise<void> {
  const temporary = `${serverFilePath(home)}.${content.pid}`;
  await writeFile(temporary, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  await rename(temporary, serverFilePath(home));
}

/** Removes the file if it is this process's own: a server that came after keeps its. */
export async function removeServerFile(home: string, pid: number): Promise<void> {
  if ((await readServerFile(home))?.pid === pid) await rm(serverFilePath(home), { force: true });
}

/** Undefined when there is none, or it is not readable as one (a crash of an old version). */
export async function readServerFile(home: string): Promise<ServerFile | undefined> {
  return parse(await readFile(serverFilePath(home), 'utf8').catch(() => ''));
}

function parse(text: string): ServerFile | undefined {
  try {
    const { pid, url, startedAt } = JSON.parse(text) as Partial<ServerFile>;
    if (typeof pid !== 'number' || typeof url !== 'string' || typeof startedAt !== 'number') return undefined;
    return { pid, url, startedAt };
  } catch {
    return undefined;
  }
}
