/**
 * Takes the pictures of docs/screenshots, by hand after a change of what users see:
 *
 *     node dist/tests/nodes/screenshots.js [NAME...]
 *
 * Plays the demonstration and waits until something has happened in it.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Browser, ElementHandle, Page } from 'puppeteer-core';
import { startBrowser } from '../support/browser';
import { Editor } from '../support/editor';
import { freePort } from '../support/mosquitto';
import { repositoryRoot } from '../support/paths';

const FOLDER = path.join(repositoryRoot, 'docs', 'screenshots');
const VIEWPORT = { width: 1400, height: 860 };
/** Smaller: spectrograms make large files. */
const LIVE_VIEWPORT = { width: 1150, height: 700 };

type Colours = 'light' | 'dark';

async function main(wanted: readonly string[]): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const [port, brokerPort] = [await freePort(), await freePort()];
  const program = path.join(repositoryRoot, 'dist', 'runtime', 'cli', 'main.js');
  const demo = fork(program, ['demo', '--no-login', '--port', String(port), '--broker-port', String(brokerPort)]);
  const browser = await startBrowser(VIEWPORT);
  const url = `http://127.0.0.1:${port}/`;
  const isWanted = (name: string): boolean => wanted.length === 0 || wanted.includes(name);
  try {
    await untilServed(url);
    for (const colours of ['light', 'dark'] as const) {
      const end = colours === 'dark' ? '-dark' : '';
      if (isWanted(`live${end}`)) await takeLivePage(browser, url, colours, `live${end}`);
      if (isWanted(`editor${end}`)) await takeEditor(browser, url, colours, `editor${end}`);
      if (isWanted(`dialog-sense${end}`)) await takeSense(browser, url, colours, `dialog-sense${end}`);
      if (isWanted(`dialog-labels${end}`)) await takeLabels(browser, url, colours, `dialog-labels${end}`);
    }
  } finally {
    await browser.close();
    demo.kill('SIGINT');
    await once(demo, 'exit');
  }
}

/** The page of the first minute, when there are events and half a minute of scores. */
async function takeLivePage(browser: Browser, url: string, colours: Colours, name: string): Promise<void> {
  const page = await browser.newPage();
  await page.setViewport(LIVE_VIEWPORT);
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: colours }]);
  await page.goto(`${url}resources/@sensebind/node-red/live.html`);
  await untilBusy(page);
  await take(page, name);
  await page.close();
}

/** Palette, flow and sidebar. */
async function takeEditor(browser: Browser, url: string, colours: Colours, name: string): Promise<void> {
  const editor = await Editor.open(browser, url, { colours });
  await editor.filterPalette('Sensebind');
  await editor.showTab('sensebind');
  await untilBusy(editor.page);
  await take(editor.page, name);
  await editor.page.close();
}

async function takeSense(browser: Browser, url: string, colours: Colours, name: string): Promise<void> {
  const editor = await Editor.open(browser, url, { colours });
  await editor.openDialog('fm-sense');
  await editor.type('#node-input-words', 'glass breaking\na dog barking\nsomebody shoutin');
  await editor.page.waitForSelector('.sensebind-unknown');
  await take(editor.page, name, await editor.page.$('.red-ui-tray'));
  await editor.page.close();
}

async function takeLabels(browser: Browser, url: string, colours: Colours, name: string): Promise<void> {
  const editor = await Editor.open(browser, url, { colours });
  const labels = [
    { title: 'glass breaking', threshold: '0.6', prompts: 'glass breaking\nbroken glass', negatives: 'a door slam' },
    { title: 'dog barking', negatives: 'an alarm' },
    { title: 'a siren far awayy' },
  ];
  await editor.add([{ id: 'shown', type: 'sensebind-labels', labels, z: 'first-minute' } as never]);
  await editor.openDialog('shown');
  await editor.page.waitForSelector('.sensebind-label-report:not(:empty)');
  await take(editor.page, name, await editor.page.$('.red-ui-tray'));
  await editor.page.close();
}

/** Something happened, and the charts have a past. */
async function untilBusy(page: Page): Promise<void> {
  await page.waitForFunction(
    () => (document.querySelector('.sb-events')?.querySelectorAll('.sb-event').length ?? 0) >= 2,
    { timeout: 180_000 },
  );
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 15_000)));
}

async function take(page: Page, name: string, part?: ElementHandle | null): Promise<void> {
  const file = path.join(FOLDER, `${name}.png`) as `${string}.png`;
  await (part ?? page).screenshot({ path: file });
  console.log(file);
}

async function untilServed(url: string): Promise<void> {
  for (;;) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

void main(process.argv.slice(2));
