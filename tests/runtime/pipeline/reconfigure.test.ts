import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import Type from '#typebox';
import { systemClock } from '../../../runtime/clock';
import type { Config, SourceConfig } from '../../../runtime/config/config';
import { parseConfig } from '../../../runtime/config/readConfig';
import { SensebindError } from '../../../runtime/errors';
import type { DetectedEvent } from '../../../runtime/events/detectedEvent';
import { Engine } from '../../../runtime/inference/engine';
import type { LaneSource } from '../../../runtime/lane';
import { Pipeline } from '../../../runtime/pipeline';
import type { PipelineEvent } from '../../../runtime/pipelineEvent';
import type { Driver, ReadingSink } from '../../../runtime/reading';
import { SupervisedSource } from '../../../runtime/source';
import { recordingBroker } from '../../support/recordingBroker';
import { refused } from '../../support/refused';
import { openOutbox } from '../../support/spoolFolder';
import { type TinyBundle, tinyBundle } from '../../support/tinyBundle';

const RATE = 16_000;
const HOUSE = '{ labels: [{ id: door_bell }, { id: dog }], background: [silence] }';
const LOUD = '{ when: { measure: level_decibels, of: mic0, above: -60 } }';

/** A configuration of microphones that the test speaks into. */
function configOf(
  url: string,
  parts: { readonly sources?: string; readonly labels?: string; readonly rules?: string; readonly more?: string } = {},
): Config {
  const { sources = 'mic0: { device: { kind: test }, labels: [house] }', labels = `house: ${HOUSE}` } = parts;
  const text = `
version: 1
node: box
bundle: b
broker: { url: '${url}' }
sources: { ${sources} }
labels: { ${labels} }
rules: { ${parts.rules ?? `loud: ${LOUD}`} }
publish: { scores: { maxRateHz: 1000 } }
${parts.more ?? ''}
`;
  const options = Type.Object({ kind: Type.Literal('test'), note: Type.Optional(Type.String()) });
  return parseConfig(text, { file: '/config.yaml', devices: [{ kind: 'test', options }] });
}

/** A microphone that says what the test wants it to. */
class TestMicrophone implements Driver {
  readonly modality = 'audio';
  runs = 0;
  isRunning: boolean = false;
  #sink: ReadingSink | undefined;
  #tenth = 0;
  readonly #startMicros = systemClock.monotonicMicros();

  constructor(readonly source: string) {}

  async run(sink: ReadingSink, signal: AbortSignal): Promise<void> {
    this.runs++;
    this.isRunning = true;
    this.#sink = sink;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    this.isRunning = false;
  }

  /** Ten readings a second of sound, with the amplitude of a shout or of nothing. */
  say(seconds: number, amplitude = 0.5): void {
    const samples = RATE / 10;
    for (let count = 0; count < seconds * 10; count++) {
      const atMicros = this.#tenth++ * 100_000;
      this.#sink?.reading({
        source: this.source,
        modality: 'audio',
        timeMicros: 1_700_000_000_000_000 + atMicros,
        monotonicMicros: this.#startMicros + atMicros,
        clockQuality: 'device',
        flags: [],
        sampleRateHz: RATE,
        channels: [Float32Array.from({ length: samples }, (_, index) => amplitude * Math.sin(index / 5))],
      });
    }
  }
}

/** Words that wait to be embedded for as long as the test holds them. */
class HeldWords {
  #held: Promise<void> = Promise.resolve();
  #onAsked: () => void = () => undefined;

  /** Resolves when the first word waits; `release` lets it go, and those that follow. */
  hold(): { readonly asked: Promise<void>; readonly release: () => void } {
    let release = (): void => undefined;
    this.#held = new Promise((resolve) => {
      release = resolve;
    });
    const asked = new Promise<void>((resolve) => {
      this.#onAsked = resolve;
    });
    return { asked, release };
  }

  before(engine: Engine): Engine {
    const encode: Engine['encode'] = async (modality, input, request) => {
      if (modality === 'text') {
        this.#onAsked();
        await this.#held;
      }
      return engine.encode(modality, input, request);
    };
    return new Proxy(engine, {
      get: (target, key) => {
        const member: unknown = key === 'encode' ? encode : Reflect.get(target, key, target);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  }
}

describe('another configuration for a pipeline that runs', () => {
  let tiny: TinyBundle;
  let engine: Engine;

  before(async () => {
    tiny = await tinyBundle({ trained: true });
    engine = await Engine.open(tiny.bundle, { modalities: ['audio', 'text'] });
  });
  after(async () => {
    await engine.close();
    await tiny.remove();
  });

  async function start(context: TestContext) {
    const broker = await recordingBroker(context);
    const words = new HeldWords();
    const microphones = new Map<string, TestMicrophone>();
    const events: PipelineEvent[] = [];
    const waiting = new Set<() => void>();
    const open = (config: SourceConfig): LaneSource => {
      if (config.device['note'] === 'broken') throw new SensebindError('CONFIG_INVALID', 'a wrong option', 'mend it');
      const microphone = new TestMicrophone(config.id);
      microphones.set(config.id, microphone);
      return { config, source: new SupervisedSource(config.id, microphone, { clock: systemClock }) };
    };
    const config = configOf(broker.url);
    const pipeline = await Pipeline.create({
      config,
      bundle: tiny.bundle,
      engine: words.before(engine),
      access: { url: broker.url, clientId: 'box' },
      outbox: await openOutbox(context, { clock: systemClock }),
      sources: config.sources.map(open),
      clock: systemClock,
      version: '0.0.0',
      onEvent: (event) => {
        events.push(event);
        for (const look of waiting) look();
      },
    });
    context.after(() => pipeline.stop());
    pipeline.start();
    await broker.until(({ topic }) => topic === 'sensebind/v1/box/status');
    const embeddings = (source: string) =>
      events.flatMap((event) => (event.kind === 'embedding' && event.source === source ? [event.embedding] : []));
    const heard = (source: string, count: number) =>
      new Promise<void>((resolve) => {
        const look = (): void => {
          if (embeddings(source).length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      });
    const detected = (): readonly DetectedEvent[] =>
      events.flatMap((event) => (event.kind === 'detected' ? [event.event] : []));
    const sets = (): readonly string[] =>
      events.flatMap((event) => (event.kind === 'scores' ? [event.scores.labelSet] : []));
    const microphone = (id: string): TestMicrophone => {
      const found = microphones.get(id);
      assert.ok(found, id);
      return found;
    };
    return { broker, pipeline, open, words, events, embeddings, heard, detected, sets, microphone };
  }

  it('swaps label sets between two windows, and loses no sample of a source that is the same', async (context) => {
    const { broker, pipeline, open, embeddings, heard, sets, microphone } = await start(context);
    const first = microphone('mic0');
    first.say(2.5);
    await heard('mic0', 1);
    const labels = `house: ${HOUSE.replace('dog', 'cat')}`;
    await pipeline.reconfigure(configOf(broker.url, { labels }), open);
    assert.equal(microphone('mic0'), first);
    assert.deepEqual([first.runs, first.isRunning], [1, true]);
    for (const count of [2, 3]) {
      first.say(count === 2 ? 0.6 : 1);
      await heard('mic0', count);
    }
    assert.deepEqual(
      embeddings('mic0').map(({ flags }) => flags),
      [[], [], []],
    );
    assert.deepEqual(
      embeddings('mic0').map(({ startMicros }) => startMicros % 1e9),
      [0, 1e6, 2e6],
      'the window that was half full goes on',
    );
    // The one that is in use was changed without a new revision: it counts on by itself.
    assert.deepEqual(sets(), ['house@1', 'house@2', 'house@2']);
    const { payload } = await broker.until(
      ({ topic, payload: info }) => /info$/.test(topic) && /house@2/.test(`${info}`),
    );
    assert.deepEqual(JSON.parse(String(payload)).sets, ['house@2']);
  });

  it('keeps an event of the same rule open, and ends that of a rule that is gone', async (context) => {
    const { broker, pipeline, open, heard, detected, microphone } = await start(context);
    microphone('mic0').say(2.1);
    await heard('mic0', 1);
    const [begun] = detected();
    assert.equal(begun?.phase, 'new');
    const rules = `loud: ${LOUD}, louder: { when: { measure: level_decibels, of: mic0, above: 90 } }`;
    await pipeline.reconfigure(configOf(broker.url, { rules }), open);
    microphone('mic0').say(1, 0);
    await heard('mic0', 2);
    assert.deepEqual(
      detected().map(({ id, phase }) => [id, phase]),
      [
        [begun.id, 'new'],
        [begun.id, 'end'],
      ],
    );
    microphone('mic0').say(1);
    await heard('mic0', 3);
    await pipeline.reconfigure(configOf(broker.url, { rules: `other: ${LOUD}` }), open);
    const [third, fourth, ...others] = detected().slice(2);
    assert.deepEqual([third?.phase, fourth?.phase, fourth?.id, others], ['new', 'end', third?.id, []]);
  });

  it('opens, closes and opens anew what is different, and forgets what is gone', async (context) => {
    const { broker, pipeline, open, heard, microphone } = await start(context);
    const two = 'mic0: { device: { kind: test }, labels: [house] }, mic1: { device: { kind: test } }';
    await pipeline.reconfigure(configOf(broker.url, { sources: two }), open);
    const [first, second] = [microphone('mic0'), microphone('mic1')];
    second.say(2.1);
    await heard('mic1', 1);
    const changed = 'mic1: { device: { kind: test, note: other } }';
    const change = await pipeline.reconfigure(configOf(broker.url, { sources: changed, rules: '' }), open);
    assert.deepEqual(change.closed, ['mic0', 'mic1']);
    assert.deepEqual([first.isRunning, second.isRunning], [false, false]);
    assert.deepEqual([microphone('mic1').runs, microphone('mic1') === second], [1, false]);
    await broker.until(({ topic, payload, retain }) => topic.endsWith('mic0/state') && retain && payload.length === 0);
    await broker.until(({ topic, payload, retain }) => topic.endsWith('mic0/status') && retain && payload.length === 0);
    microphone('mic1').say(2.1);
    await heard('mic1', 2);
    assert.deepEqual(Object.keys(pipeline.stats().sources), ['mic1']);
  });

  it('changes nothing where anything of it cannot be used', async (context) => {
    const { broker, pipeline, open, heard, sets, microphone } = await start(context);
    const before = pipeline.config;
    const first = microphone('mic0');
    const mic0 = 'mic0: { device: { kind: test }, labels: [house] }';
    const labels = `house: ${HOUSE.replace('dog', 'cat')}`;
    const wrong: readonly [Config, Parameters<typeof refused>][] = [
      [
        configOf(broker.url, { sources: `${mic0}, mic1: { device: { kind: test, note: broken } }`, labels }),
        ['CONFIG_INVALID', /wrong option/],
      ],
      [{ ...configOf(broker.url, { labels }), node: 'other', bundle: '/other' }, ['RESTART_NEEDED', /node, bundle/]],
      [configOf('mqtt://127.0.0.1:9', { labels }), ['RESTART_NEEDED', /broker/]],
      [configOf(broker.url, { labels, more: 'metrics: {}' }), ['RESTART_NEEDED', /metrics/]],
      [
        {
          ...configOf(broker.url),
          labelSets: [
            { id: 'house', revision: 9, labels: [{ id: 'good' }, { id: 'better' }] },
            { id: 'alone', revision: 1, labels: [{ id: 'nothing_against_it' }] },
          ],
        },
        ['CONFIG_INVALID', /alone|negative|background/],
      ],
    ];
    for (const [config, expected] of wrong) {
      await assert.rejects(pipeline.reconfigure(config, open), refused(...expected));
    }
    assert.equal(pipeline.config, before);
    first.say(2.1);
    await heard('mic0', 1);
    assert.deepEqual([sets(), first.runs], [['house@1'], 1]);
  });

  it('publishes as the new configuration says, and says when nothing is different', async (context) => {
    const { broker, pipeline, open, heard, microphone } = await start(context);
    const same = await pipeline.reconfigure(configOf(broker.url), open);
    assert.deepEqual([same.parts, same.opened, same.closed], [[], [], []]);
    const { publish, ...others } = configOf(broker.url);
    const embeddings = { ...publish.embeddings, enabled: false };
    const change = await pipeline.reconfigure({ ...others, publish: { ...publish, embeddings } }, open);
    assert.deepEqual(change.parts, ['publish']);
    microphone('mic0').say(2.1);
    await heard('mic0', 1);
    await pipeline.stop();
    assert.ok(broker.published.some(({ topic }) => topic.endsWith('/scores')));
    assert.ok(!broker.published.some(({ topic }) => topic.endsWith('/emb')));
  });

  it('does not keep a node from ending, and is refused then', async (context) => {
    const { broker, pipeline, open, words, microphone } = await start(context);
    const before = pipeline.config;
    const { asked, release } = words.hold();
    const two = 'mic0: { device: { kind: test }, labels: [house] }, mic1: { device: { kind: test } }';
    const labels = `house: ${HOUSE.replace('dog', 'cat')}`;
    const change = pipeline.reconfigure(configOf(broker.url, { sources: two, labels }), open);
    const isRefused = assert.rejects(change, refused('REQUEST_ABORTED', /told to stop/));
    await asked;
    await pipeline.stop();
    assert.equal(microphone('mic0').isRunning, false);
    await broker.until(({ topic, payload }) => topic === 'sensebind/v1/box/status' && `${payload}` === 'stopped');
    release();
    await isRefused;
    assert.equal(pipeline.config, before);
    assert.deepEqual([microphone('mic1').runs, pipeline.book.get('house')?.labelSet.revision], [0, 1]);
  });
});
