import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { type Millis, systemClock } from '../../../runtime/clock';
import type { Config, SourceConfig } from '../../../runtime/config/config';
import { SensebindError } from '../../../runtime/errors';
import { Engine } from '../../../runtime/inference/engine';
import { decodeEmbedding } from '../../../runtime/mqtt/embeddingMessage';
import { flagsOfBits } from '../../../runtime/mqtt/flagBits';
import type { ScoresMessage, SourceMessage } from '../../../runtime/mqtt/messages';
import { kindOfTopic } from '../../../runtime/mqtt/topics';
import { MutableSource } from '../../../runtime/mutableSource';
import { Pipeline } from '../../../runtime/pipeline';
import type { PipelineEvent } from '../../../runtime/pipelineEvent';
import type { AudioReading, Driver } from '../../../runtime/reading';
import { DisabledSource, type Source, SupervisedSource } from '../../../runtime/source';
import { SwitchedOff } from '../../../runtime/switchedOff';
import { contractProblems } from '../../support/contract';
import { type Published, recordingBroker } from '../../support/recordingBroker';
import { refused } from '../../support/refused';
import { openOutbox } from '../../support/spoolFolder';
import { temporaryFolder } from '../../support/temporaryFolder';
import { type TinyBundle, tinyBundle } from '../../support/tinyBundle';

const RATE = 16_000;

describe('the pipeline', () => {
  let tiny: TinyBundle;
  let engine: Engine;

  before(async () => {
    tiny = await tinyBundle();
    engine = await Engine.open(tiny.bundle, { modalities: ['audio', 'text'] });
  });
  after(async () => {
    await engine.close();
    await tiny.remove();
  });

  /** Runs sources until all have ended, and returns all that reached a broker. */
  async function run(
    context: TestContext,
    sources: readonly Source[],
    options: {
      readonly bundle?: TinyBundle;
      readonly engine?: Engine;
      readonly publish?: Partial<Config['publish']>;
    } = {},
  ) {
    const broker = await recordingBroker(context);
    const outbox = await openOutbox(context);
    const events: PipelineEvent[] = [];
    let pipeline: Pipeline | undefined;
    const ended = new Promise<void>((resolve, reject) => {
      Pipeline.create({
        config: configOf(broker.url, sources, options.publish),
        bundle: (options.bundle ?? tiny).bundle,
        engine: options.engine ?? engine,
        access: { url: broker.url, clientId: 'box' },
        outbox,
        sources: sources.map((source) => ({ source, config: sourceConfig(source.id) })),
        clock: systemClock,
        version: '0.0.0',
        onEvent: (event) => {
          events.push(event);
          tell(event);
          if (event.kind === 'ended') resolve();
        },
      }).then((created) => {
        pipeline = created;
        created.start();
      }, reject);
    });
    await ended;
    await pipeline?.stop();
    for (const { topic, payload } of broker.published) assert.deepEqual(contractProblems(topic, payload), []);
    return { events, published: broker.published };
  }

  it('publishes everything in the form of its contract', async (context) => {
    const { published } = await run(context, [sound('mic0', { seconds: 3 }), new DisabledSource('mic1', 'audio')]);
    const seen = new Set(published.map(({ topic }) => kindOfTopic(topic)));
    assert.deepEqual([...seen].sort(), [
      'embedding',
      'health',
      'info',
      'scores',
      'source-state',
      'source-status',
      'status',
    ]);
    const words = published
      .filter(({ topic }) => topic === 'sensebind/v1/box/status')
      .map(({ payload }) => String(payload));
    assert.deepEqual(words, ['online', 'stopped']);
    assert.equal(String(published.find(({ topic }) => topic.endsWith('mic1/status'))?.payload), 'disabled');
  });

  it('is not over while a source runs that was switched on meanwhile', async (context) => {
    const disabled = await SwitchedOff.open(path.join(await temporaryFolder(context), 'disabled'), systemClock);
    await disabled.set('mic1', true);
    const mutes = await SwitchedOff.open(path.join(await temporaryFolder(context), 'muted'), systemClock);
    const first = driver(async () => {
      const isOn = heard(
        (event) => event.kind === 'source' && event.source === 'mic1' && event.status.state === 'online',
      );
      await disabled.set('mic1', false);
      await isOn;
    });
    const later = driver(async (sink) => {
      const [reading] = readings('mic1', { seconds: 0.1 });
      const isOver = heard((event) => event.kind === 'source' && event.source === 'mic0');
      if (reading !== undefined) sink.reading(reading);
      await isOver;
      // What the end of the other one leads to is done by then.
      await new Promise((resolve) => setImmediate(resolve));
    });
    const create = () => new SupervisedSource('mic1', later, { clock: systemClock });
    const { events } = await run(context, [
      new SupervisedSource('mic0', first, { clock: systemClock }),
      new MutableSource('mic1', 'audio', { create, mutes, disabled }),
    ]);
    const ends = events.flatMap((event) => {
      if (event.kind === 'ended') return ['ended'];
      return event.kind === 'source' && event.status.reason === 'played to its end' ? [event.source] : [];
    });
    assert.deepEqual(ends.slice(0, 3), ['mic0', 'mic1', 'ended']);
  });

  it('says that a node is online only after the state of its sources', async (context) => {
    const { published } = await run(context, [sound('mic0', { seconds: 2.1 })]);
    const at = (topic: string): number => published.findIndex((message) => message.topic.endsWith(topic));
    assert.ok(at('/src/mic0/state') < at('v1/box/status'));
  });

  it('counts embeddings from 0, with the times and flags of their windows', async (context) => {
    const { published } = await run(context, [sound('mic0', { seconds: 3.5, gapAtSecond: 3.2 })]);
    const embeddings = published
      .filter(({ topic }) => topic.endsWith('/emb'))
      .map(({ payload }) => decodeEmbedding(payload).message);
    assert.deepEqual(
      embeddings.map(({ seq }) => seq),
      [0, 1, 2],
    );
    const [first, second, third] = embeddings;
    assert.ok(first && second && third);
    assert.equal(first.t1 - first.t0, 2_000_000);
    assert.equal(second.t0 - first.t0, 1_000_000);
    assert.deepEqual(
      [first, second].map(({ q }) => flagsOfBits(q).includes('gap')),
      [false, false],
    );
    assert.deepEqual(flagsOfBits(third.q).includes('gap'), true);
    assert.ok(
      embeddings.every(
        ({ sp, n, q }) => n && sp === tiny.bundle.manifest.space && flagsOfBits(q).includes('untrained'),
      ),
    );
  });

  it('shows similarities and no probabilities for random weights, probabilities for trained ones', async (context) => {
    const random = await run(context, [sound('mic0', { seconds: 2.1 })]);
    assert.deepEqual(
      scoresOf(random.published)[0]?.k.map(({ p }) => p),
      [null, null],
    );
    const trained = await tinyBundle({ trained: true });
    const trainedEngine = await Engine.open(trained.bundle);
    context.after(async () => {
      await trainedEngine.close();
      await trained.remove();
    });
    const { published } = await run(context, [sound('mic0', { seconds: 2.1 })], {
      bundle: trained,
      engine: trainedEngine,
    });
    const [scores] = scoresOf(published);
    assert.ok(scores);
    assert.equal(scores.set, 'house@3');
    const shares = scores.k.map(({ p }) => p ?? Number.NaN);
    assert.ok(shares.every((share) => share > 0 && share < 1) && (shares[0] ?? 0) >= (shares[1] ?? 0));
  });

  it('encodes a sound that is shorter than a window, and says that it was', async (context) => {
    const { published } = await run(context, [sound('mic0', { seconds: 0.7 })]);
    const [embedding] = published.filter(({ topic }) => topic.endsWith('/emb'));
    assert.ok(embedding);
    assert.ok(flagsOfBits(decodeEmbedding(embedding.payload).message.q).includes('partial-window'));
  });

  it('goes on with one source when others fail, and shows why', async (context) => {
    const broken = driver(async () => {
      throw new SensebindError('DEVICE_ABSENT', 'expected a card, found none', 'Plug it in.');
    });
    const poisoned = driver(async (sink) => {
      for (const reading of readings('nan', { seconds: 2.1 })) {
        sink.reading({ ...reading, channels: reading.channels.map((samples) => samples.map(() => Number.NaN)) });
      }
    });
    const absent = new SupervisedSource('absent', broken, { clock: systemClock });
    const sources = [sound('mic0', { seconds: 4.1 }), new SupervisedSource('nan', poisoned, { clock: systemClock })];
    const broker = await recordingBroker(context);
    const events: PipelineEvent[] = [];
    let onEvent = (): void => undefined;
    const pipeline = await Pipeline.create({
      config: configOf(broker.url, [...sources, absent]),
      bundle: tiny.bundle,
      engine,
      access: { url: broker.url, clientId: 'box' },
      outbox: await openOutbox(context),
      sources: [...sources, absent].map((source) => ({ source, config: sourceConfig(source.id) })),
      clock: systemClock,
      version: '0.0.0',
      onEvent: (event) => {
        events.push(event);
        tell(event);
        onEvent();
      },
    });
    pipeline.start();
    const embeddings = (): number => events.filter(({ kind }) => kind === 'embedding').length;
    const failures = (): PipelineEvent[] => events.filter(({ kind }) => kind === 'failed');
    await new Promise<void>((resolve) => {
      onEvent = () => {
        if (embeddings() >= 3 && failures().length > 0) resolve();
      };
      onEvent();
    });
    await pipeline.stop();
    assert.ok(failures().every((event) => event.kind === 'failed' && event.source === 'nan'));
    assert.ok(failures().every((event) => event.kind === 'failed' && event.error.code === 'INPUT_NOT_FINITE'));
    const state = broker.published.findLast(({ topic }) => topic.endsWith('src/absent/state'));
    const message: SourceMessage = JSON.parse(String(state?.payload));
    assert.deepEqual([message.state, message.device], ['offline', 'wav']);
    const first = broker.published.find(
      ({ topic, payload }) => topic.endsWith('src/absent/state') && String(payload).includes('DEVICE_ABSENT'),
    );
    assert.match(String(first?.payload), /Plug it in/);
  });

  it('publishes no oftener than the configuration says', async (context) => {
    const publish = {
      embeddings: { enabled: false, elementType: 'f16le', maxRateHz: 1 },
      scores: { topK: 1, maxRateHz: 0.001 },
    } as const;
    const { published, events } = await run(context, [sound('mic0', { seconds: 4.1 })], { publish });
    // Three whole windows, and the last two seconds.
    assert.equal(events.filter(({ kind }) => kind === 'embedding').length, 4);
    assert.equal(published.filter(({ topic }) => topic.endsWith('/emb')).length, 0);
    assert.deepEqual(
      scoresOf(published).map(({ k }) => k.length),
      [1],
    );
  });

  it('is not made for sources that its bundle has no encoder for', async (context) => {
    const radar = new DisabledSource('radar', 'radar');
    await assert.rejects(run(context, [radar]), refused('MODALITY_UNKNOWN', /radar/));
  });

  it('ends, and says so, although no broker is there', async (context) => {
    const source = sound('mic0', { seconds: 2.1 });
    const pipeline = await Pipeline.create({
      config: configOf('mqtt://127.0.0.1:1', [source]),
      bundle: tiny.bundle,
      engine,
      access: { url: 'mqtt://127.0.0.1:1', clientId: 'box' },
      outbox: await openOutbox(context),
      sources: [{ source, config: sourceConfig('mic0') }],
      clock: systemClock,
      version: '0.0.0',
      onEvent: () => undefined,
    });
    pipeline.start();
    await pipeline.stop();
  });
});

function driver(run: Driver['run']): Driver {
  return { modality: 'audio', run };
}

interface Sound {
  readonly seconds: number;
  /** From here on 300 ms are missing. */
  readonly gapAtSecond?: number;
}

/** Sounds that play, and wait for what their pipeline does. */
const playing = new Set<(event: PipelineEvent) => void>();

function tell(event: PipelineEvent): void {
  for (const hear of playing) hear(event);
}

/** Resolves when something happens. */
function heard(fits: (event: PipelineEvent) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const hear = (event: PipelineEvent): void => {
      if (!fits(event)) return;
      playing.delete(hear);
      resolve();
    };
    playing.add(hear);
  });
}

/**
 * A chirp, a tenth of a second a reading, that plays at the pace of the reader: from when there is a broker, and a window is
 * encoded before the next one is complete, as in real time.
 */
function sound(id: string, options: Sound): Source {
  const play = driver(async (sink, signal) => {
    let isConnected: boolean = false;
    let done = 0;
    let wake = (): void => undefined;
    const hear = (event: PipelineEvent): void => {
      if (event.kind === 'broker' && event.event.kind === 'connected') isConnected = true;
      if (event.kind === 'embedding' && event.source === id) done++;
      wake();
    };
    playing.add(hear);
    signal.addEventListener('abort', () => wake(), { once: true });
    try {
      for (const reading of readings(id, options)) {
        const complete = Math.floor(reading.monotonicMicros / 1_000_000 - 0.1) - 1;
        while (!signal.aborted && (!isConnected || done < complete))
          await new Promise<void>((resolve) => (wake = resolve));
        if (signal.aborted) return;
        sink.reading(reading);
      }
    } finally {
      playing.delete(hear);
    }
  });
  return new SupervisedSource(id, play, { clock: systemClock });
}

function* readings(source: string, { seconds, gapAtSecond }: Sound): Generator<AudioReading> {
  const samples = RATE / 10;
  for (let tenth = 0; tenth < Math.round(seconds * 10); tenth++) {
    const isLater: boolean = gapAtSecond !== undefined && tenth >= Math.round(gapAtSecond * 10);
    const atMicros = tenth * 100_000 + (isLater ? 300_000 : 0);
    yield {
      source,
      modality: 'audio',
      timeMicros: 1_700_000_000_000_000 + atMicros,
      monotonicMicros: atMicros,
      clockQuality: 'device',
      flags: [],
      sampleRateHz: RATE,
      channels: [
        Float32Array.from({ length: samples }, (_, index) => 0.5 * Math.sin(((tenth * samples + index) / 40) ** 1.2)),
      ],
    };
  }
}

function sourceConfig(id: string): SourceConfig {
  return {
    id,
    device: { kind: 'wav' },
    enabled: true,
    window: 2000 as Millis,
    hop: 1000 as Millis,
    channel: 0,
    labels: ['house'],
  };
}

function configOf(url: string, sources: readonly Source[], publish: Partial<Config['publish']> = {}): Config {
  return {
    folder: '/',
    node: 'box',
    baseTopic: 'sensebind',
    bundle: '/',
    broker: { url, protocol: 'auto', clientId: 'box' },
    spool: { maxBytes: 2 ** 20, life: 60_000 as Millis },
    sources: sources.map(({ id }) => sourceConfig(id)),
    labelSets: [{ id: 'house', revision: 3, labels: [{ id: 'door_bell' }, { id: 'dog' }], background: ['silence'] }],
    fusion: [],
    rules: [],
    publish: {
      embeddings: { enabled: true, elementType: 'f16le', maxRateHz: Number.POSITIVE_INFINITY },
      scores: { topK: 5, maxRateHz: 1000 },
      ...publish,
    },
  };
}

function scoresOf(published: readonly Published[]): ScoresMessage[] {
  return published
    .filter(({ topic }) => topic.endsWith('/scores'))
    .map(({ payload }) => JSON.parse(payload.toString()));
}
