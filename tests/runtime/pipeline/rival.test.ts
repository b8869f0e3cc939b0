import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Engine } from '../../../runtime/inference/engine';
import { DiscoveryFile } from '../../../runtime/mqtt/discovery/discoveryFile';
import { Commander, ROOT } from '../../support/commandedNode';
import { ManualClock } from '../../support/manualClock';
import { startMosquitto, withoutMosquitto } from '../../support/mosquitto';
import { startPipeline } from '../../support/pipelineRun';
import { temporaryFolder } from '../../support/temporaryFolder';
import { tinyBundle } from '../../support/tinyBundle';

describe('a node that another process publishes as', { skip: withoutMosquitto }, () => {
  it('says all again, what it tells Home Assistant in its own time', async (context) => {
    const tiny = await tinyBundle();
    context.after(() => tiny.remove());
    const engine = await Engine.open(tiny.bundle, { modalities: ['audio', 'text'] });
    context.after(() => engine.close());
    const broker = await startMosquitto();
    context.after(() => broker.stop());
    const commander = await Commander.connect(context, broker.url);
    const clock = new ManualClock();
    let noticed = (): void => undefined;
    const rival = new Promise<void>((resolve) => (noticed = resolve));
    const pipeline = await startPipeline(context, {
      tiny,
      engine,
      clock,
      url: broker.url,
      config:
        'sources: { mic0: { device: { kind: simulated-microphone }, labels: [house] } }\nlabels: { house: { labels: [{ id: dog }, { id: cat }] } }',
      drivers: {
        mic0: {
          modality: 'audio',
          run: async (_sink, signal) => new Promise((end) => signal.addEventListener('abort', () => end())),
        },
      },
      discoveryStore: new DiscoveryFile(path.join(await temporaryFolder(context), 'discovery.json')),
      onEvent: (event) => {
        if (event.kind === 'broker' && event.event.kind === 'rival') noticed();
      },
    });
    const info = `${ROOT}/info`;
    const devices = ['', '_SRC_mic0'].map((suffix) => `homeassistant/device/sensebind_box${suffix}/config`);
    const own = JSON.parse(String(await commander.until(info)));
    await clock.advance(100);
    for (const device of devices) await commander.until(device);

    const from = commander.heard.length;
    const told = (): string[] =>
      commander.heard.slice(from).flatMap(({ topic }) => (devices.includes(topic) ? [topic] : []));
    const other = JSON.stringify({ ...own, boot: 'other', started: own.started + 1 });
    await commander.client.publishAsync(info, other, { qos: 1, retain: true });
    await rival;
    await commander.until(info, { from, fits: (payload) => payload.includes(own.boot) });
    await commander.until(`${ROOT}/status`, { from });
    // The broker passes on in order: what was sent with these is here.
    await commander.client.publishAsync('marker', '', { qos: 1 });
    await commander.until('marker');
    assert.deepEqual(told(), []);
    await clock.advance(0);
    await commander.until(devices[0]!, { from });
    assert.equal(told().length, 1);
    await clock.advance(10);
    await commander.until(devices[1]!, { from });
    assert.equal(told().length, 2);
    // While there is a broker: its clock does not go on, so that it would wait for one for ever.
    await pipeline.stop();
  });
});
