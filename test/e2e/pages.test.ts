import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LaunchResult } from '../../platform/src/contracts/launch.ts';
import { EXAMPLES, ROOT, Workplace } from '../slipway-process.ts';

const executablePath = process.env['SLIPWAY_TEST_CHROMIUM'];
const present = executablePath !== undefined && existsSync(executablePath);
if (!present) console.log('pages: skipped, SLIPWAY_TEST_CHROMIUM names no browser (npm test looks for one)');

/** Every page of a real launch in a real browser: shown without an error, accessible, and usable. */
describe.skipIf(!present)('the pages', () => {
  const place = new Workplace();
  const axe = readFileSync(join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8');
  let browser: Browser;
  let base = '';
  let pages: string[] = [];

  beforeAll(async () => {
    const columns = 'Cost Repair,Cost Other,Cost Total $';
    const launched = await place.run([
      ...['launch', join(EXAMPLES, 'birdstrikes.csv'), '--target', 'Effect Amount of damage'],
      ...['--exclude', columns, '--name', 'birds', '--budget', '2s', '--port', '0', '--json'],
    ]);
    const { links } = launched.lines.at(-1) as unknown as LaunchResult;
    base = place.server()!.url;
    const own = ['run', 'dataset', 'study', 'report', 'model', 'deployment', 'monitor'];
    pages = [
      ...[
        '/',
        '/feeding',
        '/selection',
        '/pipelines',
        '/validation',
        '/deployment',
        '/monitoring',
        '/registry',
      ],
      ...own.map((name) => new URL(links[name]!).pathname),
    ];
    const flags = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'];
    browser = await chromium.launch({ executablePath: executablePath!, args: flags });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    place.close();
  });

  it.each(['light', 'dark'])(
    'show no error and no serious accessibility violation in %s',
    async (theme) => {
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
      const problems: string[] = [];
      page.on('pageerror', (error) => problems.push(`${page.url()}: ${error.message}`));
      page.on('console', (message) => {
        if (message.type() === 'error') problems.push(`${page.url()}: ${message.text()}`);
      });
      for (const path of pages) {
        await page.goto(`${base}${path}?theme=${theme}`);
        await page.locator('.first').waitFor();
        await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
        if ((await page.locator('[role=alert]').count()) > 0)
          problems.push(`${path}: ${await page.locator('[role=alert]').first().innerText()}`);
        // By the debugger, because the pages' own policy lets no foreign script in.
        await page.evaluate(axe);
        const found = (await page.evaluate('axe.run()')) as {
          violations: { id: string; impact: string; nodes: { target: string[] }[] }[];
        };
        for (const { id, impact, nodes } of found.violations) {
          if (impact === 'serious' || impact === 'critical')
            problems.push(`${path}: ${id} at ${nodes[0]!.target.join(' ')} (${nodes.length})`);
        }
      }
      await page.close();
      expect(problems).toEqual([]);
    },
    120_000,
  );

  it('give a prediction from the form, and show it in the live tail', async () => {
    const page = await browser.newPage();
    await page.goto(`${base}/deployment/birds`);
    await page.getByRole('button', { name: /^Predict / }).click();
    await page.locator('.barlist').waitFor();
    expect(await page.locator('.barlist').innerText()).toContain('None');
    await page.getByRole('row', { name: /None/ }).first().waitFor();
    await page.close();
  }, 60_000);

  it('go anywhere by keyboard', async () => {
    const page = await browser.newPage();
    await page.goto(`${base}/`);
    await page.locator('.first').waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('birds model');
    await page.getByRole('option', { name: 'birds model' }).waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(`${base}/registry/birds`);
    await page.keyboard.press('g');
    await page.keyboard.press('m');
    await page.waitForURL(`${base}/monitoring`);
    await page.close();
  }, 60_000);
});
