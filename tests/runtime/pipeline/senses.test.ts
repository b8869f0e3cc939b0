import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { simulatedDevices } from '../../../devices/simulated/devices';
import { systemClock } from '../../../runtime/clock';
import { parseConfig } from '../../../runtime/config/readConfig';
import type { EventStore } from '../../../runtime/eventKeeper';
import type { DetectorMemory } from '../../../runtime/events/detector';
import { FramePool } from '../../../runtime/frames';
import { Engine } from '../../../runtime/inference/engine';
import { decodeEmbedding } from '../../../runtime/mqtt/embeddingMessage';
import type { EventMessage } from '../../../runtime/mqtt/eventMessage';
import { type ScoresMessage, validators } from '../../../runtime/mqtt/messages';
import { Pipeline } from '../../../runtime/pipeline';
import type { PipelineEvent } from '../../../runtime/pipelineEvent';
import { SupervisedSource } from '../../../runtime/source';
import { deviceContext } from '../../support/deviceContext';
import { type Published, recordingBroker } from '../../support/recordingBroker';
import { openOutbox } from '../../support/spoolFolder';
import { type TinyBundle, tinyBundle } from '../../support/tinyBundle';

/** Every modality; windows short enough for a test. Anything warmer than nothing, and any sound, is an event. */
const CONFIG = `
version: 1
node: box
bundle: b
broker: { url: 'mqtt://localhost' }
sources:
  mic0: { device: { kind: simulated-microphone }, window: 500ms, hop: 500ms, labels: [house] }
  imu0: { device: { kind: simulated-imu }, window: 500ms, hop: 500ms, labels: [house] }
  cam0: { device: { kind: simulated-camera, width: 32, height: 24 }, hop: 500ms, labels: [house] }
  depth0: { device: { kind: simulated-depth, width: 32, height: 24 }, hop: 500ms, labels: [house] }
  heat0: { device: { kind: simulated-thermal, width: 32, height: 24 }, hop: 500ms, labels: [house] }
labels:
  house: { labels: [{ id: door_bell }, { id: dog }], background: [silence] }
fusion:
  room: { sources: { mic0: 1, imu0: 1, cam0: 2, depth0: 1, heat0: 1 }, hop: 500ms, tolerance: 200ms, labels: [house] }
  pair: { sources: { mic0: 1, cam0: 1 }, method: scores, hop: 500ms, tolerance: 200ms, labels: [house] }
rules:
  warm:
    when: { all: [{ measure: maximum_celsius, of: heat0, above: -100 }, { label: dog, of: room, on: 0 }] }
    severity: warning
  near: { when: { measure: nearest_metres, of: depth0, above: 0 } }
  still: { when: { measure: acceleration_g, of: imu0, above: 0.5 } }
  loud: { when: { measure: level_decibels, of: mic0, above: 100 } }
`;

describe('a pipeline with every modality', () => {
  let tiny: TinyBundle;
  let engine: Engine;

  before(async () => {
    tiny = await tinyBundle({ trained: true });
    engine = await Engine.open(tiny.bundle, { modalities: ['audio', 'imu', 'vision', 'depth', 'thermal', 'text'] });
  });
  after(async () => {
    await engine.close();
    await tiny.remove();
  });

  /** Runs until all of `rules` have begun an event and both groups have spoken, then stops. */
  async function run(context: TestContext, store?: EventStore) {
    const broker = await recordingBroker(context);
    const config = parseConfig(CONFIG, { file: '/config.yaml', devices: simulatedDevices });
    const memory = new FramePool({ frames: 64, bytes: 2 ** 24 });
    const events: PipelineEvent[] = [];
    let isEnough = (): void => undefined;
    const enough = new Promise<void>((resolve) => {
      isEnough = resolve;
    });
    const pipeline = await Pipeline.create({
      config,
      bundle: tiny.bundle,
      engine,
      access: { url: broker.url, clientId: 'box' },
      outbox: await openOutbox(context, { clock: systemClock }),
      sources: config.sources.map((source) => {
        const device = simulatedDevices.find(({ kind }) => kind === source.device.kind);
        assert.ok(device);
        const driver = device.open(source.device, { ...deviceContext({ folder: '/' }), source: source.id, memory });
        return { config: source, source: new SupervisedSource(source.id, driver, { clock: systemClock }) };
      }),
      clock: systemClock,
      version: '0.0.0',
      ...(store === undefined ? {} : { eventStore: store }),
      onEvent: (event) => {
        events.push(event);
        const isFull = events.some(
          (one) => one.kind === 'fused' && one.fused.group === 'room' && one.fused.missing.length === 0,
        );
        if (isFull && (store !== undefined || rulesOf(events).size === 3) && groupsOf(events).size === 2) isEnough();
      },
    });
    pipeline.start();
    await enough;
    await pipeline.stop();
    return { events, published: broker.published, config, memory };
  }

  it('encodes all, fuses them, detects events, and publishes everything by its contract', async (context) => {
    const { events, published, config, memory } = await run(context);
    // A busy machine may be too slow for a window: the next one takes its place.
    const failures = events.flatMap((event) => (event.kind === 'failed' ? [event.error.code] : []));
    assert.deepEqual(
      failures.filter((code) => code !== 'REQUEST_SUPERSEDED'),
      [],
    );
    const on = (topic: string): Published[] =>
      published.filter((message) => message.topic === `sensebind/v1/box/${topic}`);
    for (const { id } of config.sources) {
      const [first] = on(`src/${id}/emb`);
      assert.ok(first, id);
      assert.ok(Math.abs(Math.hypot(...decodeEmbedding(first.payload).vector) - 1) < 1e-3);
    }
    const fused = on('fused/room/emb').map(({ payload }) => decodeEmbedding(payload).message);
    const whole = fused.find(({ fu }) => fu?.missing.length === 0);
    assert.ok(whole?.fu);
    assert.equal(whole.m, 'fused');
    assert.ok(Math.abs(Object.values(whole.fu.w).reduce((sum, weight) => sum + weight, 0) - 1) < 1e-9);
    assert.ok((whole.fu.w['cam0'] ?? 0) > (whole.fu.w['mic0'] ?? 1));
    assert.equal(on('fused/pair/emb').length, 0);
    for (const group of ['room', 'pair']) {
      const [first] = on(`fused/${group}/scores`);
      assert.ok(first);
      const message: ScoresMessage = JSON.parse(String(first.payload));
      assert.deepEqual(validators['scores/1'].Errors(message), []);
      assert.deepEqual([message.src, message.set], [group, 'house@1']);
    }
    for (const rule of ['warm', 'near', 'still']) {
      const [first] = on(`event/${rule}`);
      assert.ok(first, rule);
      const message: EventMessage = JSON.parse(String(first.payload));
      assert.deepEqual(validators['event/1'].Errors(message), []);
      assert.deepEqual([message.phase, message.seq, message.t_end], ['new', 0, null]);
    }
    assert.equal(on('event/loud').length, 0);
    // Every window has given its memory back, and so have the drivers.
    assert.equal(memory.stats().inUse, 0);
  });

  it('goes on with its events after a restart', async (context) => {
    let saved: DetectorMemory | undefined;
    const store: EventStore = {
      load: async () => saved,
      save: async (memory) => {
        saved = JSON.parse(JSON.stringify(memory));
      },
    };
    const first = await run(context, store);
    const open: readonly string[] = (saved?.rules ?? []).flatMap(({ rule, open: event }) =>
      event === null ? [] : [rule],
    );
    assert.ok(open.includes('near') && open.includes('still'));
    const second = await run(context, store);
    const begun = [...first.events, ...second.events].flatMap((event) =>
      event.kind === 'detected' && event.event.phase === 'new' ? [event.event.rule] : [],
    );
    assert.deepEqual(begun.filter((rule) => open.includes(rule)).toSorted(), open.toSorted());
  });
});

function rulesOf(events: readonly PipelineEvent[]): ReadonlySet<string> {
  return new Set(events.flatMap((event) => (event.kind === 'detected' ? [event.event.rule] : [])));
}

function groupsOf(events: readonly PipelineEvent[]): ReadonlySet<string> {
  return new Set(events.flatMap((event) => (event.kind === 'fused' ? [event.fused.group] : [])));
}
