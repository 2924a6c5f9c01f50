import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { SlipwayError } from '../../kernel/errors.ts';
import type { ExternalFamily, ExternalLimits } from '../../selection/ports.ts';
import '../../selection/errors.ts';

const STDERR_TAIL_CHARS = 4000;

/** One thread each: side by side fits share the machine by being several, and threads of libraries would fight for it. */
const ONE_THREAD = [
  'OMP_NUM_THREADS',
  'OPENBLAS_NUM_THREADS',
  'MKL_NUM_THREADS',
  'VECLIB_MAXIMUM_THREADS',
  'NUMEXPR_NUM_THREADS',
  'LOKY_MAX_CPU_COUNT',
];

export interface ProcessOptions {
  readonly interpreter: string;
  readonly driver: string;
  readonly family: ExternalFamily;
  /** Address space of the process. */
  readonly memoryBytesMax: number;
  readonly workDir: string;
  /** Variables the system needs to start a program (PATH, SystemRoot). */
  readonly environment: Readonly<Record<string, string>>;
}

interface Reply {
  readonly ok: boolean;
  readonly kind?: 'memory' | 'error';
  readonly message?: string;
}

/**
 * A Python process that fits jobs of one family, one after the other.
 *
 * States: idle → busy → idle | dead. It dies when it crashes, when a job is given up or takes too long, and when it runs out of
 * memory (what is left of it then is not to be trusted).
 */
export class FitProcess {
  readonly family: ExternalFamily;
  readonly #child: ChildProcess;
  #stderr = '';
  #ended: string | undefined;
  #killed = false;
  #settle: ((reply: Reply | undefined) => void) | undefined;

  constructor(options: ProcessOptions) {
    const { interpreter, driver, family, memoryBytesMax, workDir, environment } = options;
    this.family = family;
    // -I: neither the user's packages nor PYTHON* variables; -B: nothing is written beside the driver.
    this.#child = spawn(interpreter, ['-I', '-B', driver, family, String(memoryBytesMax)], {
      cwd: workDir,
      env: {
        ...environment,
        ...Object.fromEntries(ONE_THREAD.map((name) => [name, '1'])),
        ...{ HOME: workDir, TMPDIR: workDir, TEMP: workDir, TMP: workDir, MPLCONFIGDIR: workDir },
      },
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    this.#child.stderr!.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString('utf8')).slice(-STDERR_TAIL_CHARS);
    });
    // A pipe that breaks is told by the end of the process.
    this.#child.stdin!.on('error', () => undefined);
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#answer(line));
    this.#child.on('error', (error) => this.#end(`could not be started: ${error.message}`));
    this.#child.on('close', (code, signal) =>
      this.#end(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`),
    );
  }

  get alive(): boolean {
    return this.#ended === undefined && !this.#killed;
  }

  /** @throws FAMILY_FAILED, FAMILY_TIMED_OUT, FAMILY_OUT_OF_MEMORY, CANCELLED */
  async run(order: { readonly job: string; readonly answer: string }, limits: ExternalLimits): Promise<void> {
    const { secondsMax, signal } = limits;
    let stopped: SlipwayError | undefined;
    const stop = (reason: SlipwayError) => {
      stopped ??= reason;
      this.kill();
    };
    const onAbort = () => stop(new SlipwayError('CANCELLED', { message: 'the fit was given up' }));
    const timer = setTimeout(() => stop(this.#timedOut(secondsMax)), 1000 * secondsMax);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const reply = await new Promise<Reply | undefined>((resolve) => {
        this.#settle = resolve;
        if (signal?.aborted === true) onAbort();
        if (this.#ended === undefined) {
          this.#child.stdin!.write(`${JSON.stringify({ ...order, secondsMax })}\n`);
        } else resolve(undefined);
      });
      if (stopped !== undefined) throw stopped;
      if (reply?.ok !== true) throw this.#failure(reply);
    } finally {
      this.#settle = undefined;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** SIGKILL: native code that is deep in a fit hears nothing else. */
  kill(): void {
    this.#killed = true;
    this.#child.kill('SIGKILL');
  }

  #answer(line: string): void {
    try {
      this.#settle?.(JSON.parse(line) as Reply);
    } catch {
      this.#settle?.({
        ok: false,
        kind: 'error',
        message: `an answer that is not one: ${line.slice(0, 200)}`,
      });
    }
  }

  #end(how: string): void {
    this.#ended ??= how;
    this.#settle?.(undefined);
  }

  #failure(reply: Reply | undefined): SlipwayError {
    const how = reply?.message ?? `its process ${this.#ended ?? 'gave no answer'}`;
    const memory =
      reply === undefined
        ? /bad_alloc|MemoryError|cannot allocate|failed to map segment/i.test(this.#stderr)
        : reply.kind === 'memory';
    if (memory) this.kill();
    const details = { family: this.family, stderr: this.#stderr };
    if (memory) {
      return new SlipwayError('FAMILY_OUT_OF_MEMORY', {
        message: `${this.family} ran out of memory: ${how}`,
        fix: 'Leave columns out, or go without external families (--families node).',
        details,
      });
    }
    const last = reply === undefined ? this.#stderr.trim().split('\n').at(-1)?.slice(0, 300) : undefined;
    return new SlipwayError('FAMILY_FAILED', {
      message: `${this.family} could not be fitted: ${how}${last ? ` (${last})` : ''}`,
      fix: 'See the details for what the library wrote; the other candidates are not affected.',
      details,
    });
  }

  #timedOut(secondsMax: number): SlipwayError {
    return new SlipwayError('FAMILY_TIMED_OUT', {
      message: `${this.family} took longer than ${Math.round(secondsMax * 10) / 10} s for one fit and was ended`,
      fix: 'Give the search a greater --budget: a fit may take a quarter of it.',
      details: { family: this.family, secondsMax, stderr: this.#stderr },
    });
  }
}
