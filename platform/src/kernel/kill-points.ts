/**
 * Named places at which a crash test ends the process with SIGKILL. Free in production: one comparison with undefined.
 * Armed by `armKillPoint` (from SLIPWAY_KILL_AT, read by app/config.ts); a name may carry `:n` to die at its n-th passing.
 */
let armed: { name: string; passings: number } | undefined;

export function armKillPoint(spec: string | undefined): void {
  if (spec === undefined) {
    armed = undefined;
    return;
  }
  // Names hold colons themselves: only a trailing number is a count.
  const match = /^(.*?)(?::(\d+))?$/.exec(spec)!;
  armed = { name: match[1]!, passings: match[2] === undefined ? 1 : Number(match[2]) };
}

export function killPoint(name: string): void {
  if (armed === undefined || armed.name !== name) return;
  armed.passings--;
  if (armed.passings <= 0) process.kill(process.pid, 'SIGKILL');
}
