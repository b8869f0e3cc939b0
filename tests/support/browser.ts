import { existsSync } from 'node:fs';
import puppeteer, { type Browser } from 'puppeteer-core';

const CHROMIUM = '/usr/bin/chromium';

/** Why tests cannot drive a browser; `false` where they can. */
export const withoutChromium: string | false = existsSync(CHROMIUM)
  ? false
  : 'expected chromium: apt-get install chromium';

/** A real browser without a window. */
export function startBrowser(viewport = { width: 1500, height: 950 }): Promise<Browser> {
  return puppeteer.launch({
    executablePath: CHROMIUM,
    headless: true,
    // Tests may run as root in a container, where Chromium's own sandbox cannot.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
    defaultViewport: viewport,
  });
}
