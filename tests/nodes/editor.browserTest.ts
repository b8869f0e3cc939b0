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
  'sensebind-camera': { device: { kind: 'v4l2-camera', device: '/dev/video0' } },
  'sensebind-depth': { device: { kind: 'simulated-depth' } },
  'sensebind-thermal': { device: { kind: 'simulated-thermal' } },
  'sensebind-imu': { device: { kind: 'simulated-imu' } },
  'sensebind-replay': { path: '/tmp/recording' },
  'sensebind-labels': { labels: [{ title: 'glass breaking', threshold: '0.6', negatives: 'a dog' }] },
  'sensebind-alert': { conditions: [{ kind: 'label', label: 'glass breaking' }] },
  'sensebind-sense': { words: 'glass breaking' },
  'sensebind-publish': { broker: 'of-sensebind-broker' },
  // Without any, Node-RED takes the empty user name of the dialog for a change.
  'sensebind-broker': { credentials: { username: '', password: '' } },
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
        [nodeRed, browser] = await Promise.all([
          startNodeRed(version, { environment: { TEST_TOKENS: JSON.stringify({ reader: 'flows.read' }) } }),
          startBrowser(),
        ]);
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
            check(() =>
              assert.equal(/[\u4e00-\u9fff]/.test(help), language === 'zh-CN', `${type}: help in ${language}`),
            );
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

      it('says in words why a value is wrong', async () => {
        await nodeRed.deploy([TAB]);
        const editor = await Editor.open(browser, nodeRed.url);
        const wrong: readonly (readonly [Readonly<Record<string, unknown>>, RegExp])[] = [
          [{ type: 'sensebind-sense', words: 'a dog', threshold: '7' }, /number from 0.01 to 1/],
          [{ type: 'sensebind-sense', words: '' }, /type what to look for/],
          [{ type: 'sensebind-sense', words: 'glas breaking' }, /does not know “glas”.*glass/],
          [{ type: 'sensebind-labels', labels: [{ title: 'a barkin dog' }] }, /does not know “barkin”.*barking/],
          [{ type: 'sensebind-microphone', device: { kind: 'arecord', sampleRateHz: 5 } }, /sampleRateHz: .*≥ \d+/],
          [{ type: 'sensebind-microphone', device: { kind: 'arecord', colour: 'red' } }, /colour is no option/],
          [{ type: 'sensebind-microphone', device: { kind: 'telephone' } }, /no kind of device called telephone/],
          [{ type: 'sensebind-microphone', source: 'Hall 1', device: { kind: 'arecord' } }, /letters a-z/],
          [{ type: 'sensebind-publish', broker: '', scoresTopK: 'many' }, /broker.*number of at least 1/],
          [{ type: 'sensebind-broker', url: 'localhost' }, /address such as mqtt/],
          [{ type: 'sensebind-fuse', hop: 'soon' }, /duration such as 2s/],
        ];
        await editor.add(wrong.map(([node], index) => ({ id: `wrong-${index}`, type: String(node['type']), ...node })));
        for (const [index, [node, reason]] of wrong.entries()) {
          const found = await editor.untilProblem(`wrong-${index}`);
          assert.match(found, reason, JSON.stringify(node));
        }
        assert.deepEqual(editor.errors, []);
        await editor.page.close();
      });

      it('is three nodes from a microphone to MQTT', { skip: withoutMosquitto }, async (context) => {
        const folder = await temporaryFolder(context);
        const broker = await startMosquitto();
        context.after(() => broker.stop());
        const heard = await Subscriber.start(context, broker.url, ['sensebind/v1/+/event/#']);
        const script = path.join(folder, 'glass.yaml');
        // Again and again: on a busy machine the node is ready late.
        const breaks = Array.from({ length: 40 }, (_, index) => `{ at: ${2 + 8 * index}, event: glass_break, for: 3 }`);
        await writeFile(
          script,
          `version: 1\nseed: 2001\nmounting: building\nlength: 400\nevents: [${breaks.join(', ')}]\n`,
        );
        await nodeRed.deploy([TAB]);
        const editor = await Editor.open(browser, nodeRed.url);
        const microphone = await editor.drag('sensebind-microphone', { x: 120, y: 120 });
        const sense = await editor.drag('sensebind-sense', { x: 340, y: 120 });
        const publish = await editor.drag('sensebind-publish', { x: 560, y: 120 });
        await editor.wire(microphone, sense);
        await editor.wire(sense, publish);
        await editor.doubleClick(microphone);
        await editor.page.select('#node-input-device-kind', JSON.stringify({ kind: 'simulated-microphone' }));
        await editor.type('#node-input-device-script', script);
        await editor.done();
        await editor.doubleClick(sense);
        await editor.type('#node-input-words', 'glass breaking');
        await editor.done();
        await editor.doubleClick(publish);
        await editor.press('#node-input-btn-broker-add');
        await editor.type('#node-config-input-url', broker.url);
        await editor.done();
        await editor.done();
        await editor.deploy();
        const flows = (await nodeRed.get('/flows')) as readonly Readonly<Record<string, unknown>>[];
        const deployed = (id: string) => flows.find((node) => node['id'] === id) ?? {};
        assert.deepEqual(deployed(microphone)['device'], { kind: 'simulated-microphone', script });
        assert.deepEqual(deployed(microphone)['wires'], [[sense]]);
        assert.equal(deployed(sense)['words'], 'glass breaking');
        assert.deepEqual(deployed(sense)['wires'], [[publish], []]);
        assert.equal(deployed(String(deployed(publish)['broker']))['url'], broker.url);
        const { topic } = await heard.until(({ payload }) => payload.length > 0);
        assert.match(topic, /event\/glass_breaking$/);
        assert.deepEqual(editor.errors, []);
        await editor.page.close();
      });

      it('shows what sources see in the sidebar, and asks for nothing while nobody looks', async () => {
        const source = (modality: string, kind: string) => ({
          ...{ id: modality, type: `sensebind-${modality}`, z: 'tab', x: 100, y: 100, wires: [[]] },
          ...{ source: modality, device: { kind, seed: 56 } },
        });
        await nodeRed.deploy([
          TAB,
          source('microphone', 'simulated-microphone'),
          source('thermal', 'simulated-thermal'),
        ]);
        const editor = await Editor.open(browser, nodeRed.url);
        let asked = 0;
        editor.page.on('request', (request) => {
          if (request.url().endsWith('/sensebind/live')) asked++;
        });
        await editor.showTab('sensebind');
        for (const name of ['microphone', 'thermal']) await editor.untilDrawn(name);
        for (const leave of [() => editor.showTab('help'), () => editor.act('core:toggle-sidebar')]) {
          await editor.showTab('sensebind');
          await editor.page.waitForResponse((response) => response.url().endsWith('/sensebind/live'));
          await leave();
          // What was on its way may still come; then three periods of silence.
          await editor.wait(500);
          const before = asked;
          await editor.wait(1500);
          assert.equal(asked, before);
        }
        assert.deepEqual(editor.errors, []);
        await editor.page.close();
      });

      it('shows nothing of it to whoever may only read flows', async () => {
        const ask = async (headers: Readonly<Record<string, string>>) =>
          (await fetch(`${nodeRed.url}/sensebind/live`, { headers })).status;
        assert.equal(await ask({}), 200);
        assert.ok([401, 403].includes(await ask({ Authorization: 'Bearer reader' })));
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
