import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FuseController, type FuseSettings } from '../../nodes/fuse/controller';
import type { Message } from '../../nodes/shared/defineNode';
import { embeddingPayload, ORIGIN } from '../../nodes/shared/payloads';
import type { Embedding } from '../../runtime/embedding';
import { weightedSum } from '../../runtime/zeroshot/arithmetic';
import { controllerHost, type TestHost } from '../support/controllerHost';
import { ManualClock } from '../support/manualClock';
import { embeddingOf } from '../support/vectors';

const SOUND = embeddingOf([1, 0, 0], { sources: ['mic0'] });
const PICTURE = embeddingOf([0, 1, 0], { sources: ['cam0'], modality: 'vision' });

/** A message of an encode node, at a time in milliseconds. */
function message(source: string, embedding: Embedding, millis: number): Message {
  const at = { monotonicMicros: millis * 1000, epochMicros: millis * 1000 };
  return {
    topic: source,
    payload: embeddingPayload(embedding),
    [ORIGIN]: { kind: 'embedding', source, at },
  } as Message;
}

function group(settings: FuseSettings): TestHost<FuseSettings> & {
  readonly clock: ManualClock;
  readonly controller: FuseController;
} {
  const clock = new ManualClock();
  const test = controllerHost(settings, clock);
  return { ...test, clock, controller: new FuseController(test.host) };
}

interface Joint extends Embedding {
  readonly weights: Readonly<Record<string, number>>;
  readonly missing: readonly string[];
}

function payloads({ sent }: TestHost<FuseSettings>): readonly Joint[] {
  return sent.map(({ payload }) => payload as Joint);
}

describe('a fuse node', () => {
  it('makes one embedding of all that arrive, as the weighted sum says', async () => {
    const test = group({ source: 'hall', sources: [{ source: 'mic0', weight: 3 }] });
    await test.controller.input(message('mic0', SOUND, 0));
    await test.controller.input(message('cam0', PICTURE, 10));
    await test.clock.advance(600);
    const [joint] = payloads(test);
    const parts = [
      { embedding: SOUND, weight: 0.75 },
      { embedding: PICTURE, weight: 0.25 },
    ];
    assert.deepEqual(joint?.vector, weightedSum(parts));
    assert.deepEqual(joint?.weights, { mic0: 0.75, cam0: 0.25 });
    assert.deepEqual(joint?.sources, ['cam0', 'mic0']);
    assert.equal(test.sent[0]?.topic, 'hall');
    assert.partialDeepStrictEqual(test.sent[0], { [ORIGIN]: { kind: 'embedding', source: 'hall', missing: [] } });
  });

  it('says who is missing, waits for nobody who is away, and is whole again when they are back', async () => {
    const test = group({ hop: '1s', wait: '5s', forgetAfter: '3s' });
    const hop = async (second: number, sources: readonly string[]): Promise<void> => {
      await test.clock.advance(1000);
      for (const source of sources)
        await test.controller.input(message(source, source === 'mic0' ? SOUND : PICTURE, second * 1000));
    };
    for (let second = 1; second <= 3; second++) await hop(second, ['mic0', 'cam0']);
    for (let second = 4; second <= 20; second++) await hop(second, ['mic0']);
    const alone = payloads(test).at(-1);
    assert.deepEqual(alone?.missing, ['cam0']);
    assert.deepEqual(alone?.weights, { mic0: 1 });
    assert.ok(alone?.flags.includes('source-missing'));
    assert.ok(
      (test.sent.at(-1) as unknown as { sensebind: { at: { monotonicMicros: number } } }).sensebind.at
        .monotonicMicros >= 19e6,
    );
    for (let second = 21; second <= 23; second++) await hop(second, ['mic0', 'cam0']);
    assert.deepEqual(payloads(test).at(-1)?.missing, []);
  });

  it('passes over sources that are not listed, where it is told to', async () => {
    const test = group({ members: 'listed', sources: [{ source: 'mic0', weight: 1 }] });
    await test.controller.input(message('cam0', PICTURE, 0));
    await test.controller.input(message('mic0', SOUND, 10));
    await test.clock.advance(600);
    assert.deepEqual(
      payloads(test).map(({ sources }) => sources),
      [['mic0']],
    );
  });

  it('takes embeddings as plain data, by their wall time', async () => {
    const test = group({});
    const { clock, controller } = test;
    await clock.advance(10_000);
    const startMicros = clock.epochMicros() - 100_000;
    for (const embedding of [SOUND, PICTURE]) {
      const plain = { ...embedding, startMicros, endMicros: startMicros, vector: [...embedding.vector] };
      await controller.input({ payload: plain, topic: embedding.sources[0]! } as Message);
    }
    await clock.advance(600);
    assert.deepEqual(
      payloads(test).map(({ weights }) => weights),
      [{ mic0: 0.5, cam0: 0.5 }],
    );
  });

  it('never mixes two spaces', async () => {
    const test = group({});
    await test.controller.input(message('mic0', SOUND, 0));
    await test.controller.input(message('cam0', embeddingOf([0, 1, 0], { space: 'test:2' }), 0));
    await test.clock.advance(600);
    assert.deepEqual(
      test.failures.map((error) => (error as { readonly code: string }).code),
      ['SPACE_MISMATCH'],
    );
    assert.deepEqual(test.sent, []);
  });

  it('averages scores by weight', async () => {
    const test = group({
      method: 'scores',
      sources: [
        { source: 'mic0', weight: 1 },
        { source: 'cam0', weight: 3 },
      ],
    });
    const scores = (source: string, dog: number): Message =>
      ({
        topic: source,
        payload: {
          ...{ kind: 'scores', source, labelSet: 'pets@1', space: 'test:1', scale: 20, meaningful: true },
          labels: [
            { label: 'dog', title: 'dog', probability: dog, cosine: dog, margin: 0 },
            { label: 'cat', title: 'cat', probability: 1 - dog, cosine: 1 - dog, margin: 0 },
          ],
          ...{ background: 0, bestBackgroundCosine: null, calibration: null, startMicros: 1, endMicros: 2, flags: [] },
        },
        [ORIGIN]: { kind: 'scores', source, at: { monotonicMicros: 0, epochMicros: 0 } },
      }) as Message;
    await test.controller.input(scores('mic0', 1));
    await test.controller.input(scores('cam0', 0.2));
    await test.clock.advance(600);
    const [joint] = test.sent.map(
      ({ payload }) => payload as { best: object; labels: readonly { probability: number }[] },
    );
    assert.ok(Math.abs((joint?.labels[0]?.probability ?? 0) - 0.4) < 1e-9);
    assert.partialDeepStrictEqual(joint?.best, { label: 'cat' });
  });

  it('refuses what is no embedding, and times that contradict each other', async () => {
    const test = group({});
    await assert.rejects(test.controller.input({ payload: 'a dog' } as Message), {
      code: 'INPUT_UNSUPPORTED',
      message: /found text of 5 characters/,
    });
    assert.throws(() => group({ hop: '1s', tolerance: '900ms' }), { code: 'CONFIG_INVALID' });
    assert.throws(() => group({ hop: '10ms' }), { code: 'CONFIG_INVALID' });
  });
});
