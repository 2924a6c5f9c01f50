import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../platform/src/cli/commands.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

describe('the documentation', () => {
  it('of the command line names every command, and every option of launch', () => {
    const page = read('docs/cli.md');
    for (const { words } of COMMANDS) {
      const [noun, verb] = words as [string, string?];
      expect(page, words.join(' ')).toContain(`slipway ${noun}`);
      if (verb !== undefined)
        expect(page, words.join(' ')).toMatch(new RegExp(`slipway ${noun} [^|]*\\b${verb}\\b`));
    }
    const launch = COMMANDS.find(({ words }) => words[0] === 'launch')!;
    for (const { flags } of launch.options!) expect(page).toContain(`\`${flags.split(' ')[0]}`);
  });

  it('of the command line names every variable that the program reads', () => {
    const config = read('platform/src/app/config.ts');
    const page = read('docs/cli.md');
    const names = [...config.matchAll(/env\['(\w+)'\]/g)].map((match) => match[1]!);
    // SLIPWAY_KILL_AT is for crash tests only.
    for (const name of names.filter((each) => each !== 'SLIPWAY_KILL_AT'))
      expect(page).toContain(`\`${name}\``);
  });

  it('links only to files that exist', () => {
    const pages = [
      'README.md',
      'ARCHITECTURE.md',
      'CONTRIBUTING.md',
      ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`),
    ];
    const dead = pages
      .filter((page) => page.endsWith('.md'))
      .flatMap((page) =>
        [...read(page).matchAll(/\]\(([^)#\s]+)/g)]
          .map((match) => match[1]!)
          .filter((link) => !/^[a-z]+:/.test(link) && !existsSync(join(ROOT, dirname(page), link)))
          .map((link) => `${page} → ${link}`),
      );
    expect(dead).toEqual([]);
  });
});
