import assert from 'node:assert/strict';
import path from 'node:path';
import { it } from 'node:test';
import { promptsOf } from '../../../../devices/simulated/captions';
import { exampleOf } from '../../../../devices/simulated/example';
import { SOUND_RATE_HZ } from '../../../../devices/simulated/sound/voice';
import { openBundle } from '../../../../models/bundle/bundle';
import { miniBundleFolder } from '../../../../models/mini/location';
import { Engine } from '../../../../runtime/inference/engine';
import { dot } from '../../../../runtime/inference/vectors';
import { labelPrototypes } from '../../../../runtime/learn/evaluate/zeroShot';
import { planScenes, sceneOf } from '../../../../runtime/learn/scenePlan';
import type { EncoderInput } from '../../../../runtime/preprocess/input';
import { temporaryFolder } from '../../../support/temporaryFolder';

const SCENES = 48;
/** The number of a window's first sample in a stream; no multiple of a frame's shift. */
const FIRST_SAMPLE = 4711;
const LEAST_COSINE = 0.9999;

it('a live window of sound gets the label and the embedding that the evaluation gives to the same clip', async (context) => {
  const stateDirectory = path.join(await temporaryFolder(context), 'state');
  const bundle = await openBundle(miniBundleFolder(), { stateDirectory });
  await using engine = await Engine.open(bundle, { modalities: ['audio', 'text'] });
  const embed = async (modality: string, input: EncoderInput): Promise<Float32Array> =>
    (await engine.encode(modality, input)).vector;
  const prototypes = await labelPrototypes(promptsOf, (text) => embed('text', { kind: 'text', text }));
  const labelOf = (vector: Float32Array): string | undefined =>
    prototypes.toSorted((a, b) => dot(vector, b.vector) - dot(vector, a.vector))[0]?.event;

  let [least, same, right] = [1, 0, 0];
  for (const planned of planScenes({ set: 'test', pairs: 'new', count: SCENES, seed: 3 })) {
    const samples = exampleOf.audio(sceneOf(planned));
    const clip = await embed('audio', { kind: 'sound', sampleRateHz: SOUND_RATE_HZ, channels: [samples] });
    const stream = `mic0/${planned.seed}`;
    const window = await embed('audio', { kind: 'soundStream', stream, firstSample: FIRST_SAMPLE, samples });
    least = Math.min(least, dot(clip, window));
    if (labelOf(clip) === labelOf(window)) same++;
    if (labelOf(clip) === planned.events[0]) right++;
  }
  console.log(`${SCENES} scenes: least cosine ${least}, same label ${same}, right label ${right}`);
  assert.ok(least >= LEAST_COSINE, `${least}`);
  assert.equal(same, SCENES);
  // Scenes of events that make no sound are among them.
  assert.ok(right >= SCENES / 2, `${right}`);
});
