import { createWriteStream } from 'node:fs';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SourceContext } from '../../feeding/ports.ts';
import { SlipwayError } from '../../kernel/errors.ts';
import { LIMITS } from '../../kernel/limits.ts';
import { type HttpAnswer, type HttpSession, refusal } from './http-request.ts';

/** Which version of the file the bytes on this disk are of. */
export interface Version {
  readonly uri: string;
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
  readonly encoding?: string | undefined;
  readonly disposition?: string | undefined;
  /** Bytes as they are sent; undefined where the server does not say. */
  readonly total?: number | undefined;
  readonly path: string;
}

export interface Downloaded {
  readonly path: string;
  readonly version: Version;
}

const PART = 'download.part';
const META = 'download.json';
const WHOLE = 'download.whole';
const BACKOFF_MS = 250;
const BACKOFF_MS_MAX = 15_000;

/**
 * `download.json` says which version `download.part` is of. nothing → part (+ json) → whole (+ json).
 * A broken connection, or a killed process, goes on where the part ends, as long as the server proves that it is the same version
 * (If-Range). Another version begins from nothing, once: a file that changes faster than it is read is refused.
 */
export class Download {
  private readonly context: SourceContext;
  private readonly session: HttpSession;
  private readonly uri: string;
  private version: Version | undefined;
  private bytes = 0;
  private changes = 0;

  constructor(uri: string, session: HttpSession, context: SourceContext) {
    this.uri = uri;
    this.session = session;
    this.context = context;
  }

  /** @returns undefined when the server says that nothing changed since `position` */
  async run(): Promise<Downloaded | undefined> {
    await this.recover();
    const whole = await stat(this.at(WHOLE)).catch(() => undefined);
    const complete = whole !== undefined && this.version !== undefined ? this.version : undefined;
    let failures = 0;
    for (let first = true; ; first = false) {
      this.context.signal.throwIfAborted();
      const before = this.bytes;
      try {
        const answer = await this.session.get(this.conditions(first, complete));
        if (answer.status === 304) {
          await answer.body.dump();
          return complete === undefined ? undefined : { path: this.at(WHOLE), version: complete };
        }
        const done = await this.take(answer);
        if (done !== undefined) return done;
      } catch (error) {
        this.context.signal.throwIfAborted();
        if (error instanceof SlipwayError && error.spec.retryable !== true) throw error;
        if (error instanceof SlipwayError && error.code === 'SOURCE_CHANGED_WHILE_READ') throw error;
        failures = this.bytes > before ? 1 : failures + 1;
        if (failures > LIMITS.sourceRetriesMax) throw this.gaveUp(error);
        await sleep(pause(failures), undefined, { signal: this.context.signal });
      }
    }
  }

  private at(name: string): string {
    return join(this.context.workDir, name);
  }

  private async recover(): Promise<void> {
    const text = await readFile(this.at(META), 'utf8').catch(() => undefined);
    const known = text === undefined ? undefined : (JSON.parse(text) as Version);
    if (known?.uri !== this.uri) return;
    this.version = known;
    this.bytes = (await stat(this.at(PART)).catch(() => undefined))?.size ?? 0;
  }

  private conditions(first: boolean, complete: Version | undefined): Record<string, string> {
    if (complete !== undefined && first) return sinceHeaders(complete);
    const proof = this.version === undefined ? undefined : proofOf(this.version);
    if (this.bytes > 0 && proof !== undefined) return { range: `bytes=${this.bytes}-`, 'if-range': proof };
    const { position } = this.context;
    const same = position?.['uri'] === this.uri;
    return same && this.bytes === 0 ? sinceHeaders(position as unknown as Version) : {};
  }

  /** Undefined: ask again. */
  private async take(answer: HttpAnswer): Promise<Downloaded | undefined> {
    const { status } = answer;
    if (status === 416) return this.atEnd(answer);
    if (status !== 200 && status !== 206) {
      await answer.body.dump().catch(() => undefined);
      throw refusal(answer) ?? unavailable(answer);
    }
    const version = versionOf(answer, this.uri);
    if (this.version !== undefined && this.bytes > 0 && isOther(this.version, version)) this.noteChange();
    if (status === 206 && rangeStart(answer) !== this.bytes) {
      await answer.body.dump().catch(() => undefined);
      this.bytes = 0;
      throw unavailable(answer);
    }
    if (status === 200) this.bytes = 0;
    this.requireSize(version.total);
    this.version = version;
    await writeFile(this.at(META), JSON.stringify(version), { mode: 0o600 });
    await this.write(answer, status === 206 ? 'a' : 'w');
    if (version.total !== undefined && this.bytes !== version.total) throw unavailable(answer);
    return this.finished(version);
  }

  private async write({ body }: HttpAnswer, flags: 'a' | 'w'): Promise<void> {
    const { version, context } = this;
    const counter = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        this.bytes += chunk.length;
        context.onProgress({
          bytes: this.bytes,
          bytesTotal: version?.total ?? this.bytes,
          message: 'downloading',
        });
        if (this.bytes > LIMITS.sourceFileBytesMax) done(tooLarge(this.bytes));
        else done(null, chunk);
      },
    });
    const out = createWriteStream(this.at(PART), { flags, mode: 0o600 });
    try {
      await pipeline(body, counter, out, { signal: context.signal });
    } catch (error) {
      // What the stream had taken and what stands on the disk may differ: the disk decides where to go on.
      this.bytes = (await stat(this.at(PART)).catch(() => undefined))?.size ?? 0;
      throw error;
    }
  }

  /** 416: all bytes were here already, or the file is another, shorter one. */
  private async atEnd(answer: HttpAnswer): Promise<Downloaded | undefined> {
    await answer.body.dump().catch(() => undefined);
    const total = Number(
      /\/(\d+)$/.exec(answer.headers['content-range'] ?? '')?.[1] ?? this.version?.total ?? -1,
    );
    if (total === this.bytes && this.version !== undefined) return this.finished(this.version);
    this.noteChange();
    return undefined;
  }

  private async finished(version: Version): Promise<Downloaded> {
    await rename(this.at(PART), this.at(WHOLE));
    return { path: this.at(WHOLE), version };
  }

  private noteChange(): void {
    this.bytes = 0;
    this.version = undefined;
    if (++this.changes <= 1) return;
    throw new SlipwayError('SOURCE_CHANGED_WHILE_READ', {
      message: 'the file changed twice while it was downloaded',
      fix: 'Nothing was published. Run the load again when the file is no longer written, or name a fixed version of it.',
    });
  }

  private requireSize(total: number | undefined): void {
    if (total !== undefined && total > LIMITS.sourceFileBytesMax) throw tooLarge(total);
  }

  private gaveUp(cause: unknown): SlipwayError {
    const said =
      cause instanceof Error
        ? cause.message || String((cause as { code?: unknown }).code ?? cause.name)
        : String(cause);
    const { host } = new URL(this.uri);
    const begun = this.bytes > 0 || this.version !== undefined;
    return new SlipwayError(begun ? 'SOURCE_INTERRUPTED' : 'SOURCE_UNREACHABLE', {
      message: begun
        ? `the download from ${host} broke off after ${this.bytes}${this.version?.total === undefined ? '' : ` of ${this.version.total}`} bytes, and ${LIMITS.sourceRetriesMax} attempts to go on brought nothing: ${said}`
        : `${host} cannot be reached: ${said}`,
      fix: begun
        ? 'Nothing was published. Run the load again: it goes on where it broke off.'
        : 'Check the address and the network, and try again.',
      cause,
    });
  }
}

/** Full jitter: many feeds that lost one server do not come back at the same moment. */
function pause(failures: number): number {
  return Math.random() * Math.min(BACKOFF_MS_MAX, BACKOFF_MS * 2 ** failures);
}

/** Proves in If-Range that the bytes are of the same version: a strong tag, or a date where there is no tag. */
function proofOf({ etag, lastModified }: Version): string | undefined {
  if (etag !== undefined) return etag.startsWith('W/') ? undefined : etag;
  return lastModified;
}

function sinceHeaders({ etag, lastModified }: Partial<Version>): Record<string, string> {
  if (typeof etag === 'string') return { 'if-none-match': etag };
  return typeof lastModified === 'string' ? { 'if-modified-since': lastModified } : {};
}

function versionOf(answer: HttpAnswer, uri: string): Version {
  const { headers, url } = answer;
  const range = /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1];
  const length = answer.status === 206 ? range : headers['content-length'];
  return {
    uri,
    etag: headers['etag'],
    lastModified: headers['last-modified'],
    encoding: headers['content-encoding'],
    disposition: headers['content-disposition'],
    total: length === undefined ? undefined : Number(length),
    path: url.pathname,
  };
}

function isOther(a: Version, b: Version): boolean {
  return (
    a.etag !== b.etag || (a.etag === undefined && (a.lastModified !== b.lastModified || a.total !== b.total))
  );
}

function rangeStart({ headers }: HttpAnswer): number {
  return Number(/^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1] ?? -1);
}

function unavailable({ status, url }: HttpAnswer): SlipwayError {
  return new SlipwayError('SOURCE_UNREACHABLE', {
    message: `${url.host} answered ${status} with something else than was asked for`,
    fix: 'Try again later.',
    details: { status },
  });
}

function tooLarge(bytes: number): SlipwayError {
  return new SlipwayError('LIMIT_EXCEEDED', {
    message: `the file has ${bytes} bytes or more; at most ${LIMITS.sourceFileBytesMax} are fetched`,
    fix: 'Split it into smaller files.',
  });
}
