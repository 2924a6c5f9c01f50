import { describe, expect, it } from 'vitest';
import { COMMANDS } from './commands.ts';
import { createPaint } from './io.ts';
import { runCommandLine } from './main.ts';

async function run(...words: string[]) {
  const out: string[] = [];
  const said: string[] = [];
  const exit = await runCommandLine(words, {
    out: (line) => out.push(line),
    say: (line) => said.push(line),
    status: () => undefined,
    outIsTerminal: false,
    errIsTerminal: false,
    paint: createPaint(false),
  });
  return { exit, out: out.join('\n'), said: said.join('\n') };
}

describe('help', () => {
  it('of slipway lists every command, the exit codes and an example', async () => {
    const { exit, out } = await run('--help');
    expect(exit).toBe(0);
    expect(out).toMatchSnapshot();
  });
  it.each(COMMANDS.map((command) => [command.words.join(' '), command] as const))(
    'of %s has an example and explains every option',
    async (_name, command) => {
      const { exit, out } = await run(...command.words, '--help');
      expect(exit).toBe(0);
      for (const example of command.examples) expect(out).toContain(`$ ${example}`);
      expect(out).toContain('--json');
      expect(out).toMatchSnapshot();
    },
  );
  it('is what a bare slipway prints, as a usage error', async () => {
    expect((await run()).exit).toBe(2);
  });
});

describe('usage errors', () => {
  it.each([
    [['lunch'], 'Did you mean launch?'],
    [['launch', 'a.csv', '--target', 'y', '--tme', 'x'], 'Did you mean --time?'],
    [['launch', 'a.csv'], "required option '--target <column>' not specified"],
    [['launch', 'a.csv', 'b.csv', '--target', 'y'], 'too many arguments'],
    [['launch', '--target', 'y'], 'no rows are named'],
    [['launch', 'a.csv', '--target', 'y', '--task', 'rank'], "'rank' is not a value of --task"],
    [['models', 'ls', '--limit', '0'], '--limit'],
  ])('%j exits 2', async (words, said) => {
    const outcome = await run(...words);
    expect(outcome.exit).toBe(2);
    expect(outcome.said).toMatch(/^error .*\[USAGE\]\nfix /);
    expect(outcome.said).toContain(said);
  });
  it('end launch --json with exactly one result', async () => {
    const { exit, out } = await run('launch', 'a.csv', '--json');
    expect(exit).toBe(2);
    expect(out.split('\n')).toHaveLength(1);
    expect(JSON.parse(out)).toMatchObject({ type: 'result', ok: false, error: { code: 'USAGE' }, links: {} });
  });
});

describe('the version', () => {
  it('is that of the package', async () => {
    expect((await run('--version')).out).toMatch(/^\d+\.\d+\.\d+$/);
  });
});
