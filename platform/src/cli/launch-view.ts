import type { LaunchLine, LaunchProgress, LaunchResult, LaunchStepLine } from '../contracts/launch.ts';
import { secondsText } from './format.ts';
import type { Io } from './io.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
/** What is done sooner needs no spinner. */
const SPIN_AFTER_MS = 200;

/** Shows a launch as it goes. */
export interface LaunchView {
  line(line: Exclude<LaunchLine, LaunchResult>): void;
  close(): void;
}

/** `--json`: the steps as they are, one object a line; progress is for people. */
export function jsonView(io: Io): LaunchView {
  return {
    line: (line) => {
      if (line.type === 'step') io.out(JSON.stringify(line));
    },
    close: () => undefined,
  };
}

/** A line per finished step; on a terminal also a live line with what goes on, its share and the time left. */
export function peopleView(io: Io, clock: { elapsed(): number }): LaunchView {
  let current: { step: string; since: number; progress?: LaunchProgress } | undefined;
  let frame = 0;
  const draw = () => {
    if (current === undefined || clock.elapsed() - current.since < SPIN_AFTER_MS) return;
    frame = (frame + 1) % FRAMES.length;
    io.status(`${io.paint('blue', FRAMES[frame]!)} ${statusText(current, clock.elapsed())}`);
  };
  const timer = io.errIsTerminal ? setInterval(draw, FRAME_MS) : undefined;
  timer?.unref();
  return {
    line: (line) => {
      if (line.type === 'progress') {
        if (current?.step === line.step) current = { ...current, progress: line };
        return;
      }
      if (line.status === 'started') {
        current = { step: line.step, since: clock.elapsed() };
        return;
      }
      current = undefined;
      io.say(stepText(line, io));
    },
    close: () => {
      clearInterval(timer);
      io.status('');
    },
  };
}

const MARKS = { completed: '✓', cached: '=', failed: '✗', started: '·' } as const;
const COLORS = { completed: 'green', cached: 'blue', failed: 'red', started: 'dim' } as const;

function stepText({ step, status, seconds, summary }: LaunchStepLine, io: Io): string {
  const time = status === 'cached' ? 'cached' : secondsText(seconds);
  const mark = io.paint(COLORS[status], MARKS[status]);
  return `${mark} ${step.padEnd(9)}${io.paint('dim', time.padStart(8))}  ${summary ?? ''}`.trimEnd();
}

function statusText(
  { step, since, progress }: { step: string; since: number; progress?: LaunchProgress },
  now: number,
): string {
  const parts = [secondsText((now - since) / 1000)];
  if (progress !== undefined) {
    if (progress.fraction !== undefined) parts.push(`${Math.floor(progress.fraction * 100)} %`);
    if (progress.remainingSeconds !== undefined) {
      parts.push(`${secondsText(progress.remainingSeconds)} left`);
    }
    parts.push(progress.message);
  }
  return `${step.padEnd(9)} ${parts.join(' · ')}`;
}
