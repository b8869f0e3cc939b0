import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'puppeteer-core';
import { startBrowser, withoutChromium } from '../support/browser';
import { type DialogText, dialogTexts, isRawKey } from '../support/dialogText';
import { Editor } from '../support/editor';
import { startMosquitto, withoutMosquitto } from '../support/mosquitto';
import { NODE_RED_VERSIONS, type RunningNodeRed, startNodeRed } from '../support/nodeRed';
import { repositoryRoot } from '../support/paths';
import { Subscriber } from '../support/subscriber';
import { temporaryFolder } from '../support/temporaryFolder';

const LANGUAGES = ['en-US', 'zh-CN'] as const;
const TAB = { id: 'tab', type: 'tab', label: 'flow' } as const;

/** What must be filled in before a node can be used. */
const REQUIRED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'sensebind-sense': { words: 'glass breaking' },
  'sensebind-publish': { broker: 'of-sensebind-broker' },
  'sensebind-replay': { path: '/tmp/recording' },
};

/** The same in both languages on purpose. */
const NAMES = /^(MQTT|Home Assistant|f16|f32|i8|[^a-zA-Z]*$)/;

describe('the editor', { skip: withoutChromium }, () => {
  for (const version of NODE_RED_VERSIONS) {
    describe(`of ${version}`, () => {
      let nodeRed: RunningNodeRed;
      let browser: Browser;
      let types: readonly string[];

      before(async () => {
        [nodeRed, browser] = await Promise.all([startNodeRed(version, { environment: { TEST_TOKENS: JSON.stringify({ reader: 'flows.read' }) } }), startBrowser()]);
        types = paletteTypes();
      });

      after(() => Promise.all([nodeRed.stop(), browser.close()]));

      it('opens every dialog in two languages, with help, and saves it unchanged', async () => {
        const problems: string[] = [];
        const check = (run: () => void): void => {
          try {
            run();
          } catch (error) {
            problems.push(String((error as Error).message));
          }
        };
        const texts = new Map<string, Map<string, readonly DialogText[]>>();
        for (const language of LANGUAGES) {
          const ofLanguage = new Map<string, readonly DialogText[]>();
          texts.set(language, ofLanguage);
          await nodeRed.deploy([TAB]);
          const editor = await Editor.open(browser, nodeRed.url, { language });
          await editor.add(types.map((type) => ({ id: `of-${type}`, type, ...REQUIRED[type] })));
          for (const type of types) {
            const before = await editor.look(`of-${type}`);
            check(() => assert.deepEqual(before.problems, [], type));
            await editor.openDialog(`of-${type}`);
            const shown = await dialogTexts(editor.page);
            check(() => assert.deepEqual(shown.filter(isRawKey), [], `${type} in ${language}`));
            ofLanguage.set(type, shown);
            await editor.done();
            const later = await editor.look(`of-${type}`);
            check(() => assert.deepEqual(later, before, `${type} after Done`));
            const help = await editor.help(type);
            check(() => assert.ok(help.length > 60, `${type}: help, found ${JSON.stringify(help)}`));
            check(() => assert.equal(/[\u4e00-\u9fff]/.test(help), language === 'zh-CN', `${type}: help in ${language}`));
          }
          assert.deepEqual(editor.errors, []);
          await editor.page.close();
        }
        for (const type of types) {
          const english = texts.get('en-US')?.get(type) ?? [];
          const chinese = texts.get('zh-CN')?.get(type) ?? [];
          const untranslated = english.filter(
            ({ key, text }, index) => key !== '' && text === chinese[index]?.text && !NAMES.test(text),
          );
          check(() => assert.deepEqual(untranslated, [], `${type}: the same in both languages`));
        }
        assert.deepEqual(problems, []);
      });
    });
  }
});

/** Types of all nodes of this package. */
function paletteTypes(): readonly string[] {
  const description = JSON.parse(readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8'));
  return Object.values(description['node-red'].nodes as Readonly<Record<string, string>>).flatMap((file) => {
    const html = readFileSync(path.join(repositoryRoot, file.replace(/\.js$/, '.html')), 'utf8');
    return [...html.matchAll(/registerType\('([a-z-]+)'/g)].map((match) => match[1]!);
  });
}
