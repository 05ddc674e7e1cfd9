import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect } from '@jest/globals';
import { type Browser, chromium, type Page } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
/** Of Chromium on a busy machine. */
const startMs = 180_000;
/** Ignored by git. */
const screenshots = join(__dirname, '..', '..', '..', 'screenshots');

/** A Chromium of this machine; undefined where its PATH has none. */
export function browserPath(): string | undefined {
  const places = (process.env['PATH'] ?? '').split(delimiter);
  return places.flatMap((place) => names.map((name) => join(place, name))).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** As root, Chromium has no sandbox of its own. */
export const launch = (executablePath: string): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    timeout: startMs,
  });

/** Whatever a page says that it should not, and where else it asks. */
export class Complaints {
  readonly all: string[] = [];

  constructor(page: Page, origin: string) {
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.all.push(message.text());
    });
    page.on('pageerror', (error) => this.all.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(`${origin}/`)) this.all.push(`asks ${request.url()}`);
    });
  }
}

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** Holds the page against axe-core's rules: nothing serious or critical. */
export async function expectAccessible(page: Page): Promise<void> {
  const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(axe);
  const { violations } = (await page.evaluate('axe.run({ resultTypes: ["violations"] })')) as {
    readonly violations: readonly Violation[];
  };
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  expect(
    serious.map(({ id, nodes }) => [id, nodes.slice(0, 3).map((node) => `${node.html} ${node.failureSummary}`)]),
  ).toEqual([]);
}

/** Presses Tab until the control of this name has the focus, as who has no mouse does. */
export async function tabTo(page: Page, name: RegExp, most = 120): Promise<void> {
  const seen: string[] = [];
  for (let presses = 0; presses < most; presses++) {
    await page.keyboard.press('Tab');
    const focused = (await page.evaluate(
      `(() => { const e = document.activeElement; return e.ariaLabel ?? e.getAttribute('aria-label') ?? (e.labels?.[0]?.textContent || e.textContent || ''); })()`,
    )) as string;
    if (name.test(focused.trim())) return;
    seen.push(focused.trim().slice(0, 40));
  }
  throw new Error(`No ${name} among what Tab reaches: ${[...new Set(seen)].join(' | ')}`);
}

export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
}
