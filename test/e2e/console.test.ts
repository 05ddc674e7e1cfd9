import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { consoleOf } from '../../cli/console/at-start.ts';
import { synthesize } from '../../cli/synth.ts';
import { type Runtime, startRuntime } from '../../local/start.ts';
import { kafkaInstallation, projectDir, pythonPath, trinoInstallation } from '../../setup/paths.mjs';
import { browserPath, Complaints, expectAccessible, launch, screenshot, tabTo } from './console/browser.ts';

const limitMs = 300_000;
const seenMs = 60_000;
const found = browserPath();
/** Set-up fetches no browser: it is larger than all else, and only this needs it. */
const inBrowser = found === undefined ? describe.skip : describe;
const why = found === undefined ? 'skipped: no chromium in the PATH (apt-get install chromium)' : found;

/** Their paths below the folder, with a slash before. */
const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length));

inBrowser(`the console page in a browser (${why})`, () => {
  let root: string;
  let runtime: Runtime;
  let browser: Browser;
  let page: Page;
  let complaints: Complaints;
  let url: string;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'pinflow-console-'));
    const { directory } = await synthesize(join(root, 'synth'), { batchPath: 'on' });
    runtime = await startRuntime({
      assembly: directory,
      stateDir: join(root, 'state'),
      python: pythonPath(),
      kafka: kafkaInstallation(),
      trino: trinoInstallation(),
      port: 0,
      apiPort: 0,
      console: consoleOf('demo', 0),
    });
    url = runtime.consoleUrl!;
    browser = await launch(found!);
    page = await browser.newPage({ viewport: { width: 1366, height: 900 } });
    complaints = new Complaints(page, url);
  }, limitMs);

  afterAll(async () => {
    await browser?.close();
    await runtime?.stop();
    if (root) rmSync(root, { recursive: true, force: true });
  }, limitMs);

  /** By the links of the page, without a mouse. */
  async function open(view: string): Promise<void> {
    await page.goto(`${url}/`);
    await page.getByRole('navigation').waitFor();
    await tabTo(page, new RegExp(`^${view}`));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: view, level: 1 }).waitFor();
  }

  async function inOrder(view: string): Promise<void> {
    await expectAccessible(page);
    await screenshot(page, view);
    expect(complaints.all).toEqual([]);
  }

  test(
    'posts are sent at a rate, and one is followed',
    async () => {
      await open('Posts');
      await page.getByRole('button', { name: 'Send and follow' }).waitFor();
      await tabTo(page, /^Posts a second/);
      await page.keyboard.press('ControlOrMeta+A');
      await page.keyboard.type('4');
      await tabTo(page, /^Start$/);
      await page.keyboard.press('Enter');
      await page.getByText(/^Sending: \d+ requests/).waitFor();
      await tabTo(page, /^Another one$/);
      await tabTo(page, /^Send and follow$/);
      await page.keyboard.press('Enter');
      const way = page.getByRole('region', { name: 'pin through streams' });
      for (const station of [
        'Answered by the door',
        'Arrived in the log',
        'Stored as a post',
        'Landed in raw',
        'Counted in live answers',
      ]) {
        await way.locator('li.ok', { hasText: station }).waitFor({ timeout: seenMs });
      }
      await inOrder('posts');
    },
    limitMs,
  );

  test(
    'the flow moves, and a resource opens with its records and its template',
    async () => {
      await open('Flow');
      const moving = page.locator('.graph text.rate');
      await moving.first().waitFor({ timeout: 5_000 });
      await page.locator('path.edge.ok').first().waitFor();
      await inOrder('flow');
      await tabTo(page, /^Stream × 3/);
      await page.keyboard.press('Enter');
      const panel = page.getByRole('complementary', { name: /^Stream/ });
      await panel.locator('.records li').first().waitFor({ timeout: seenMs });
      await tabTo(page, /^Records$/);
      await page.keyboard.press('ArrowLeft');
      await panel.getByText('AWS::Kinesis::Stream').first().waitFor();
      await inOrder('flow-resource');
      await page.keyboard.press('Escape');
      await panel.waitFor({ state: 'detached' });
    },
    limitMs,
  );

  test(
    'both layers answer a question, or say why not',
    async () => {
      await open('Answers');
      const first = page.getByRole('region', { name: 'The most popular category in each country', exact: true });
      await first.getByText('as of').waitFor({ timeout: seenMs });
      await first.getByText('No run of the batch layer').waitFor();
      await first.getByText('no batch answer yet').waitFor();
      await inOrder('answers');
    },
    limitMs,
  );

  test(
    'a query runs',
    async () => {
      await open('Query');
      await page.getByRole('textbox', { name: 'SQL' }).waitFor();
      await page.getByText('Named').waitFor();
      await tabTo(page, /SQL|select/);
      await page.keyboard.type("select 'pins' as what, 42 as number");
      await page.keyboard.press('ControlOrMeta+Enter');
      const result = page.getByRole('region', { name: 'Result' });
      await result.getByText('42').waitFor({ timeout: limitMs });
      await page.getByText('succeeded').waitFor();
      await inOrder('query');
      const csv = (await page.evaluate(
        `fetch(document.querySelector('a[download]').href).then((answer) => answer.text())`,
      )) as string;
      expect(csv).toBe('what,number\r\npins,42\r\n');
    },
    limitMs,
  );

  test(
    'a refused row is shown with its bytes and redriven',
    async () => {
      await page.goto(`${url}/#/posts`);
      await page.getByRole('button', { name: 'Send and follow' }).waitFor();
      // What is made up as an example comes a moment later.
      await page.waitForFunction(`document.querySelector('textarea')?.value !== ''`);
      const pin = page.getByLabel('pin', { exact: true });
      await pin.fill(JSON.stringify({ ...JSON.parse(await pin.inputValue()), follower_count: 'many' }));
      await page.getByRole('button', { name: 'Send and follow' }).focus();
      await page.keyboard.press('Enter');
      await page.locator('li.failing', { hasText: 'Quarantined' }).first().waitFor({ timeout: seenMs });
      await open('Quarantine');
      await page.getByText('follower_count is "many"').first().waitFor({ timeout: seenMs });
      await inOrder('quarantine');
      await tabTo(page, /^Show the row/);
      await page.keyboard.press('Enter');
      await page.getByRole('complementary').getByRole('heading', { name: 'Bytes' }).waitFor();
      await tabTo(page, /^Redrive this row$/);
      await page.keyboard.press('Enter');
      await page.getByText('0 left quarantine, 1 stay').waitFor({ timeout: seenMs });
      expect(complaints.all).toEqual([]);
    },
    limitMs,
  );

  test.each(['Dashboards', 'Alarms'])(
    '%s render',
    async (view) => {
      await open(view);
      await page.locator('.empty, .widget, table').first().waitFor();
      await inOrder(view.toLowerCase());
    },
    limitMs,
  );

  test(
    'dark and on a phone',
    async () => {
      const phone = await browser.newPage({ viewport: { width: 390, height: 800 }, colorScheme: 'dark' });
      const said = new Complaints(phone, url);
      for (const view of ['flow', 'dashboards', 'alarms', 'query', 'answers', 'posts', 'quarantine']) {
        await phone.goto(`${url}/#/${view}`);
        await phone.getByRole('heading', { level: 1 }).waitFor();
        await phone.waitForTimeout(1_000);
        const wide = (await phone.evaluate('document.documentElement.scrollWidth')) as number;
        expect([view, wide]).toEqual([view, 390]);
        await expectAccessible(phone);
        await screenshot(phone, `${view}-phone-dark`);
      }
      expect(said.all).toEqual([]);
      await phone.close();
    },
    limitMs,
  );

  test('all of the page weighs less than 300 KB on the wire', async () => {
    const files = filesOf(join(projectDir, 'console')).map((file) => (file === '/index.html' ? '/' : file));
    const sizes = await Promise.all(
      files.map(async (path) => {
        const { status, headers } = await fetch(url + path, { headers: { 'accept-encoding': 'gzip' } });
        expect([path, status]).toEqual([path, 200]);
        return Number(headers.get('content-length'));
      }),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(300_000);
  });
});
