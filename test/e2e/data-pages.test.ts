import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, Workplace } from '../slipway-process.ts';

const executablePath = process.env['SLIPWAY_TEST_CHROMIUM'];
const present = executablePath !== undefined && existsSync(executablePath);

const HEAD = 'id,age,plan,day\n';
const PLANS = ['free', 'basic', 'pro'];
const row = (i: number, plan = PLANS[i % 3]!) =>
  `c${i},${20 + (i % 40)},${plan},2025-01-${String(1 + (i % 28)).padStart(2, '0')}`;
const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => row(from + i));

/** The pages of a data set in a real browser, over a real server with versions, a branch and rows in quarantine. */
describe.skipIf(!present)('the pages of a data set', () => {
  const place = new Workplace();
  const axe = readFileSync(join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8');
  const problems: string[] = [];
  let browser: Browser;
  let base = '';

  const file = (name: string, lines: readonly string[]) => {
    const path = join(place.folder, name);
    writeFileSync(path, `${HEAD}${lines.join('\n')}\n`);
    return path;
  };
  const data = async (...args: string[]) => {
    const done = await place.run(['data', ...args]);
    expect(done.stderr + done.stdout, args.join(' ')).not.toContain('error ');
    expect(done.code, args.join(' ')).toBe(0);
  };
  const open = async (path: string, theme = 'light'): Promise<Page> => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.on('pageerror', (error) => problems.push(`${page.url()}: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(`${page.url()}: ${message.text()}`);
    });
    await page.goto(`${base}${path}${path.includes('?') ? '&' : '?'}theme=${theme}`);
    await page.locator('h1').waitFor();
    return page;
  };

  beforeAll(async () => {
    await data('add', 'people', file('one.csv', rows(1, 200)), '--once');
    const broken = [...rows(200, 240), 'c900,forty,pro,2025-01-01', 'c901,41,pro,2025-02-30'];
    await data('add', 'people', file('two.csv', broken), '--mode', 'append', '--once');
    const renewed = [...Array.from({ length: 20 }, (_, i) => row(i + 1, 'gone')), ...rows(240, 250)];
    await data('add', 'people', file('three.csv', renewed), '--mode', 'merge', '--key', 'id', '--once');
    await data('branch', 'people', 'spring');
    await data(
      'add',
      'people',
      file('four.csv', rows(300, 320)),
      '--mode',
      'append',
      '--branch',
      'spring',
      '--once',
    );
    await data('propose', 'people', 'spring', '--title', 'Rows of spring');
    base = place.server()!.url;
    const flags = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'];
    browser = await chromium.launch({ executablePath: executablePath!, args: flags });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    place.close();
  });

  it.each(['light', 'dark'])(
    'open in %s without an error or a serious accessibility violation',
    async (theme) => {
      problems.length = 0;
      const tabs = ['columns', 'rows', 'versions', 'quarantine', 'contract', 'splits', 'source', 'proposals'];
      const paths = ['/feeding?load=new', ...tabs.map((tab) => `/feeding/people?tab=${tab}`)];
      for (const path of paths) {
        const page = await open(path, theme);
        await page.locator('.panel').first().waitFor();
        await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
        for (const alert of await page.locator('[role=alert]').allInnerTexts())
          problems.push(`${path}: ${alert}`);
        await page.evaluate(axe);
        const found = (await page.evaluate('axe.run()')) as {
          violations: { id: string; impact: string; nodes: { target: string[] }[] }[];
        };
        for (const { id, impact, nodes } of found.violations) {
          if (impact === 'serious' || impact === 'critical')
            problems.push(`${path}: ${id} at ${nodes[0]!.target.join(' ')} (${nodes.length})`);
        }
        await page.close();
      }
      expect(problems).toEqual([]);
    },
    180_000,
  );

  it('go from a bar to its rows, by pointer and by keyboard', async () => {
    const page = await open('/feeding/people');
    await page.getByRole('button', { name: /^plan gone: 20 rows/ }).click();
    await page.waitForURL(/tab=rows/);
    await page.getByText('plan is gone').waitFor();
    await page.getByText('20 of 249').waitFor();
    await page.getByRole('button', { name: /^plan pro/ }).focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    await page.getByText('No row has all of this.').waitFor();
    await page.close();
  }, 60_000);

  it('run SQL, and say what is wrong with it', async () => {
    const page = await open('/feeding/people?tab=rows');
    const query = page.getByLabel('Query', { exact: true });
    await query.fill('select plan, count(*) as n from "people@v1" group by plan order by plan');
    await query.press('Control+Enter');
    await page.getByRole('region', { name: 'Result of the query' }).getByText('basic').waitFor();
    await query.fill('select nothing from people');
    await page.getByRole('button', { name: /^Run/ }).click();
    await page.getByText('QUERY_INVALID').waitFor();
    await page.close();
  }, 60_000);

  it('compare two versions by key', async () => {
    const page = await open('/feeding/people?tab=versions&from=2&to=3');
    await page.getByLabel('Key', { exact: true }).fill('id');
    await page.keyboard.press('Enter');
    await page.getByText('by id').waitFor();
    const changed = page
      .getByRole('region', { name: 'Rows that differ' })
      .getByRole('row', { name: /~ changed/ });
    expect(await changed.first().innerText()).toContain('gone');
    await page.close();
  }, 60_000);

  it('try a contract before it is saved', async () => {
    const page = await open('/feeding/people?tab=contract');
    await page.getByLabel('age: least value').fill('30');
    await page.getByRole('button', { name: 'Try on the present rows' }).click();
    await page.getByRole('region', { name: 'What would break the contract' }).getByText('RANGE').waitFor();
    await page.getByRole('button', { name: 'Undo changes' }).click();
    expect(await page.getByRole('button', { name: /^Save as v/ }).isDisabled()).toBe(true);
    await page.close();
  }, 60_000);

  it('correct a row in quarantine with the keyboard, and replay it', async () => {
    const page = await open('/feeding/people?tab=quarantine');
    await page.locator('mark', { hasText: 'forty' }).first().waitFor();
    await page.keyboard.press('e');
    const editor = page.getByLabel('Corrected record');
    await editor.fill((await editor.inputValue()).replace('forty', '40'));
    await page.keyboard.press('Control+Enter');
    await page.getByText('1 row loaded into v5.').waitFor();
    // By the live event of it, not by a reload.
    await page.getByText('+ 1 held').waitFor();
    expect(await page.locator('mark', { hasText: 'forty' }).count()).toBe(0);
    await page.close();
  }, 60_000);

  it('load a file of the person', async () => {
    const page = await open('/feeding?load=new');
    await page.locator('input[type=file]').setInputFiles(join(place.folder, 'one.csv'));
    await page.getByLabel('Data set', { exact: true }).fill('from-the-page');
    await page.getByRole('button', { name: 'Load', exact: true }).click();
    await page.getByText('199 rows in the source = 199 loaded + 0 quarantined').waitFor();
    await page.getByRole('link', { name: 'Open from-the-page' }).click();
    await page.waitForURL(/feeding\/from-the-page/);
    await page.close();
  }, 60_000);

  it('review and merge a proposal only when main has not moved', async () => {
    const page = await open('/feeding/people?tab=proposals');
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByText('local approves').waitFor();
    // The replay before made a version of main: merging would undo it.
    await page.getByText(/May not be merged: up-to-date/).waitFor();
    expect(await page.getByRole('button', { name: 'Merge into main' }).isDisabled()).toBe(true);
    await page.close();
  }, 60_000);
});
