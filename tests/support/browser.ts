import { existsSync } from 'node:fs';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';

const CHROMIUM = '/usr/bin/chromium';

/** Why tests cannot drive a browser; `false` where they can. */
export const withoutChromium: string | false = existsSync(CHROMIUM)
  ? false
  : 'expected chromium: apt-get install chromium';

/** A real browser without a window. */
export function startBrowser(): Promise<Browser> {
  return puppeteer.launch({
    executablePath: CHROMIUM,
    headless: true,
    // Tests may run as root in a container, where Chromium's own sandbox cannot.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
    defaultViewport: { width: 1500, height: 950 },
  });
}

/** What a page complained of. */
export interface Complaints {
  readonly errors: readonly string[];
}

/** The editor of a Node-RED, loaded with all its nodes. */
export async function openEditor(
  browser: Browser,
  url: string,
  options: { readonly language?: string; readonly colours?: 'light' | 'dark' } = {},
): Promise<{ readonly page: Page } & Complaints> {
  const { language = 'en-US', colours = 'light' } = options;
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: colours }]);
  await page.evaluateOnNewDocument((wanted) => {
    localStorage.setItem('editor-language', wanted);
  }, language);
  page.setDefaultTimeout(90_000);
  await page.goto(url, { waitUntil: 'domcontentloaded' });
  await page.waitForFunction(() => 'RED' in window && document.querySelector('.red-ui-palette-node') !== null);
  await page.waitForFunction(
    () =>
      document.querySelector('#red-ui-loading-progress') === null ||
      document.querySelector('#red-ui-loading-progress:not([style*="display: none"])') === null,
  );
  return { page, errors };
}
