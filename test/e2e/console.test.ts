import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { type Clients, clientsAt } from '../../cli/aws.ts';
import { consoleOf } from '../../cli/console/at-start.ts';
import { synthesize } from '../../cli/synth.ts';
import { type Runtime, startRuntime } from '../../local/start.ts';
import { projectDir } from '../../setup/paths.mjs';
import { browserPath, Complaints, expectAccessible, launch, screenshot, tabTo } from './console/browser.ts';
import { addEveryKind, everyKind } from './console/every-kind.ts';
import { withoutDailyRun } from './daily-run.ts';
import { onRealEngines } from './real-engines.ts';

const limitMs = 900_000;
/** Of one look at the page, beside engines that keep the machine busy. */
const lookMs = 180_000;
/** Of a query or a run, which start engines. */
const runMs = 600_000;
const found = browserPath();
/** The alarm on errors of functions begins with the first one, and lasts for as long as it takes to look at it. */
const seenAtOnce = {
  'alarm.function-errors.period': '10',
  'alarm.function-errors.of': '60',
  'alarm.function-errors.bad': '1',
};
/** Set-up fetches no browser: it is larger than all else, and only this needs it. */
const inBrowser = found === undefined ? describe.skip : describe;
const why = found === undefined ? 'skipped: no chromium in the PATH (apt-get install chromium)' : found;

/** Runs in the page. @returns places where an arrow is drawn over a box, or a text over another */
const arrowsBehindBoxes = `(() => {
  const origin = document.querySelector('.graph').getBoundingClientRect();
  const boxes = [...document.querySelectorAll('.place')].map((one) => one.getBoundingClientRect());
  const isIn = (x, y, { left, right, top, bottom }) => x > left + 3 && x < right - 3 && y > top + 3 && y < bottom - 3;
  const crossing = [...document.querySelectorAll('path.edge')].filter((path) =>
    Array.from({ length: Math.ceil(path.getTotalLength() / 4) }, (_, at) => path.getPointAtLength(at * 4)).some(({ x, y }) =>
      boxes.some((box) => isIn(x + origin.left, y + origin.top, box)),
    ),
  );
  const texts = [...document.querySelectorAll('text.rate')].map((one) => [one.textContent, one.getBoundingClientRect()]);
  const covered = texts.filter(([, a], at) =>
    texts.some(([, b], other) => other < at && a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom),
  );
  return [...crossing.map((path) => path.getAttribute('d')), ...covered.map(([text]) => text)];
})()`;

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
  let clients: Clients;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'pinflow-console-'));
    const { directory } = await synthesize(join(root, 'synth'), { batchPath: 'on', ...seenAtOnce });
    withoutDailyRun(directory);
    addEveryKind(directory);
    runtime = await startRuntime({
      assembly: directory,
      stateDir: join(root, 'state'),
      ...onRealEngines(),
      console: consoleOf('demo', 0),
    });
    url = runtime.consoleUrl!;
    clients = clientsAt(runtime.endpoint);
    browser = await launch(found!);
    page = await browser.newPage({ viewport: { width: 1366, height: 900 } });
    page.setDefaultTimeout(lookMs);
    complaints = new Complaints(page, url);
  }, limitMs);

  afterAll(async () => {
    await browser?.close();
    clients?.close();
    await runtime?.stop();
    if (root) rmSync(root, { recursive: true, force: true, maxRetries: 10 });
  }, limitMs);

  /** By the links of the page, without a mouse. */
  async function open(view: string): Promise<void> {
    await page.goto(`${url}/`);
    await page.getByRole('navigation').waitFor();
    await tabTo(page, new RegExp(`^${view}`));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: view, level: 1 }).waitFor();
  }

  /** As the page does, with its token. */
  const change = (path: string): Promise<number> =>
    page.evaluate(
      `fetch(${JSON.stringify(path)}, { method: 'POST', headers: { 'x-pinflow-token': document.querySelector('meta[name=pinflow-token]').content } }).then(({ status }) => status)`,
    );

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
      // Enough to see it move: what is left of the machine is the batch layer's.
      await page.keyboard.type('1');
      // It is to last until it is stopped, however long that takes.
      await tabTo(page, /^Posts$/);
      await page.keyboard.press('ControlOrMeta+A');
      await page.keyboard.type('100000');
      await tabTo(page, /^Start$/);
      await page.keyboard.press('Enter');
      await page.getByText(/^Sending: [\d,]+ requests/).waitFor();
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
        await way.locator('li.ok', { hasText: station }).waitFor();
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
      await moving.first().waitFor();
      // A straight arrow has no height, and is not taken for visible.
      await page.locator('path.edge.ok').first().waitFor({ state: 'attached' });
      await page.locator('.summary .accepted dd', { hasText: /^[1-9]/ }).waitFor();
      expect(await page.evaluate(arrowsBehindBoxes)).toEqual([]);
      await inOrder('flow');
      await tabTo(page, /^Stream × 3/);
      await page.keyboard.press('Enter');
      const panel = page.getByRole('complementary', { name: /^Stream/ });
      await panel.locator('.records li').first().waitFor();
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
    'a function shows what it logged',
    async () => {
      await open('Flow');
      await tabTo(page, /^Function clean/);
      await page.keyboard.press('Enter');
      const panel = page.getByRole('complementary', { name: /clean$/ });
      await panel.locator('.log li').first().waitFor();
      expect(complaints.all).toEqual([]);
    },
    limitMs,
  );

  test(
    'the newest records of a topic have their place, time, key and payload',
    async () => {
      await open('Flow');
      await tabTo(page, /^Topic × 3/);
      await page.keyboard.press('Enter');
      const newest = page
        .getByRole('complementary', { name: /^Topic/ })
        .locator('.records li')
        .first();
      await newest.getByText(/partition \d, offset \d+, key/).waitFor();
      await newest.locator('time').waitFor();
      await newest.locator('pre', { hasText: '"index"' }).waitFor();
      await inOrder('flow-topic');
    },
    limitMs,
  );

  test(
    'both layers answer a question, or say why not',
    async () => {
      await open('Answers');
      const first = page.getByRole('region', { name: 'The most popular category in each country', exact: true });
      await first.getByText('as of').waitFor();
      await first.getByText('No run of the batch layer').waitFor();
      await first.getByText('no batch answer yet').waitFor();
      await inOrder('answers');
      await tabTo(page, /^Run the batch layer$/);
      await page.keyboard.press('Enter');
      const run = page.getByRole('region', { name: 'Run of the batch layer' });
      await run.locator('li.ok', { hasText: 'Plan' }).waitFor();
      expect(await change('/api/batch')).toBe(409);
      expect(complaints.all.splice(0)).toEqual([expect.stringContaining('409')]);
      // Seen later: it takes half a minute until what the connector does not read is late.
      expect(await change('/api/engines/connect/stop')).toBe(200);
    },
    limitMs,
  );

  test(
    'a query runs',
    async () => {
      await open('Query');
      await page.getByRole('textbox', { name: 'SQL' }).waitFor();
      await page.getByRole('tab', { name: 'Named' }).waitFor();
      // Before the catalog is read, nothing can be run.
      await page.locator('button:enabled', { hasText: /^Run$/ }).waitFor();
      await expectAccessible(page);
      await tabTo(page, /SQL|select/);
      await page.keyboard.type("select 'pins' as what, 42 as number");
      await page.keyboard.press('ControlOrMeta+Enter');
      const result = page.getByRole('region', { name: 'Result' });
      await result.getByText('42').waitFor({ timeout: runMs });
      await page.getByText('succeeded').waitFor();
      await inOrder('query');
      const csv = (await page.evaluate(
        `fetch(document.querySelector('a[download]').href).then((answer) => answer.text())`,
      )) as string;
      expect(csv).toBe('what,number\r\npins,42\r\n');
      await page.getByRole('textbox', { name: 'SQL' }).focus();
      await page.keyboard.press('ControlOrMeta+A');
      await page.keyboard.type('select * from nowhere');
      await page.keyboard.press('ControlOrMeta+Enter');
      await page.getByRole('alert').getByText('nowhere').waitFor();
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
      await page.locator('li.failing', { hasText: 'Quarantined' }).first().waitFor();
      await open('Quarantine');
      await page.getByText('follower_count is "many"').first().waitFor();
      await inOrder('quarantine');
      await tabTo(page, /^Show the row/);
      await page.keyboard.press('Enter');
      await page.getByRole('complementary').getByRole('heading', { name: 'Bytes' }).waitFor();
      await tabTo(page, /^Redrive this row$/);
      await page.keyboard.press('Enter');
      await page.getByText('0 left quarantine, 1 stay').waitFor();
      expect(complaints.all).toEqual([]);
    },
    limitMs,
  );

  test(
    'widgets of every kind show numbers of this run',
    async () => {
      await page.goto(`${url}/#/dashboards/${everyKind}`);
      await page.reload();
      const widget = (title: string) => page.getByRole('region', { name: title, exact: true });
      for (const title of ['Lines', 'Stacked']) {
        await widget(title).locator('canvas').waitFor();
        await widget(title)
          .locator('.chart-legend b', { hasText: /^[1-9]/ })
          .first()
          .waitFor();
      }
      await widget('Number')
        .locator('dd', { hasText: /^[1-9]/ })
        .waitFor();
      await widget('Gauge').getByRole('meter').waitFor();
      await widget('Bars')
        .locator('.bar-value', { hasText: /^[1-9]/ })
        .first()
        .waitFor();
      await widget('Table')
        .locator('td', { hasText: /^[1-9]/ })
        .first()
        .waitFor();
      await widget('States').getByText('ok', { exact: true }).first().waitFor();
      await widget('Log').locator('li').first().waitFor();
      await page.getByRole('heading', { name: 'A text' }).waitFor();
      await widget('Answer').locator('.custom table').waitFor();
      await inOrder('dashboard-every-kind');
    },
    limitMs,
  );

  test(
    'what is behind is amber, what fails is red, and its alarm is at its box',
    async () => {
      await open('Flow');
      await page.locator('path.edge.late').first().waitFor({ state: 'attached' });
      await page.locator('text.rate.late', { hasText: 'behind' }).first().waitFor();
      const badge = page.getByRole('link', { name: 'in alarm: pinflow-demo-function-errors' }).first();
      const failing = page.locator('path.edge.failing');
      const fail = () =>
        clients.lambda.send(new InvokeCommand({ FunctionName: 'pinflow-demo-clean', Payload: 'null' }));
      const end = Date.now() + lookMs;
      do {
        expect((await fail()).FunctionError).toBe('Unhandled');
        await page.waitForTimeout(1_000);
      } while (!((await badge.count()) > 0 && (await failing.count()) > 0) && Date.now() < end);
      await failing.first().waitFor({ state: 'attached' });
      await inOrder('flow-alarm');
      await badge.focus();
      await page.keyboard.press('Enter');
      const alarm = page.getByRole('complementary', { name: 'pinflow-demo-function-errors' });
      await alarm.getByRole('heading', { name: 'How to look' }).waitFor();
      await inOrder('alarm-runbook');
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
      phone.setDefaultTimeout(lookMs);
      const said = new Complaints(phone, url);
      for (const title of ['Flow', 'Dashboards', 'Alarms', 'Query', 'Answers', 'Posts', 'Quarantine']) {
        const view = title.toLowerCase();
        await phone.goto(`${url}/#/${view}`);
        await phone.getByRole('heading', { name: title, level: 1 }).waitFor();
        await phone.locator('main .empty[role=status]').first().waitFor({ state: 'detached' });
        await phone.waitForTimeout(300);
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

  test(
    'both layers answer after a run',
    async () => {
      await open('Posts');
      await tabTo(page, /^Stop$/);
      await page.keyboard.press('Enter');
      await page.getByText(/^Ended: [\d,]+ requests/).waitFor();
      await open('Answers');
      const first = page.getByRole('region', { name: 'The most popular category in each country', exact: true });
      await first.getByText('holds what came until').waitFor({ timeout: runMs });
      await first.getByText(/^(live is ahead|equal|first 200 rows equal)$/).waitFor();
      await inOrder('answers-both');
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
