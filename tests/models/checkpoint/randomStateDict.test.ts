import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { randomStateDict } from '../../../models/checkpoint/randomStateDict';

const FC1 = { name: 'modality_trunks.audio.blocks.0.mlp.fc1.weight', shape: [400, 100] };
const FC2 = { name: 'modality_trunks.audio.blocks.0.mlp.fc2.weight', shape: [400, 100] };
const LAYOUT = [
  FC1,
  FC2,
  { name: 'modality_trunks.audio.blocks.0.mlp.fc1.bias', shape: [400] },
  { name: 'modality_trunks.audio.blocks.0.norm_1.weight', shape: [400] },
  { name: 'modality_preprocessors.audio.rgbt_stem.proj.weight', shape: [64, 1, 16, 16] },
  { name: 'modality_preprocessors.audio.pos_embedding_helper.pos_embed', shape: [1, 229, 64] },
  { name: 'modality_preprocessors.text.mask', shape: [3, 3] },
  { name: 'modality_postprocessors.audio.1.log_logit_scale', shape: [] },
  { name: 'modality_postprocessors.text.1.log_logit_scale', shape: [] },
];

function deviation(floats: Float32Array): number {
  return Math.sqrt(floats.reduce((sum, value) => sum + value * value, 0) / floats.length);
}

function within(value: number, [low, high]: readonly [number, number]): void {
  assert.ok(value >= low && value <= high, `${value} is not in ${low} … ${high}`);
}

describe('random state dict', () => {
  it('gives a tensor by seed and name alone, in any order', async () => {
    const all = randomStateDict(LAYOUT, { seed: 7 });
    const alone = randomStateDict([FC2], { seed: 7 });
    const expected = await alone.readFloats(FC2.name);
    for (const other of LAYOUT.toReversed()) await all.readFloats(other.name);
    assert.deepEqual(await all.readFloats(FC2.name), expected);
    assert.notDeepEqual(await all.readFloats(FC1.name), expected);
    assert.notDeepEqual(await randomStateDict(LAYOUT, { seed: 8 }).readFloats(FC2.name), expected);
  });

  it('has the scales of a trained transformer', async () => {
    const weights = randomStateDict(LAYOUT, { seed: 1 });
    const floats = (name: string) => weights.readFloats(name);
    within(deviation(await floats(FC1.name)), [0.097, 0.103]);
    within(deviation(await floats('modality_preprocessors.audio.rgbt_stem.proj.weight')), [0.06, 0.065]);
    within(deviation(await floats('modality_preprocessors.audio.pos_embedding_helper.pos_embed')), [0.019, 0.021]);
    for (const value of await floats('modality_trunks.audio.blocks.0.norm_1.weight')) within(value, [0.9, 1.1]);
    for (const value of await floats('modality_trunks.audio.blocks.0.mlp.fc1.bias')) within(value, [-0.05, 0.05]);
  });

  it('holds the causal mask and the logit scales of the published layout', async () => {
    const weights = randomStateDict(LAYOUT, { seed: 1 });
    const masked = -Infinity;
    assert.deepEqual(
      [...(await weights.readFloats('modality_preprocessors.text.mask'))],
      [0, masked, masked, 0, 0, masked, 0, 0, 0],
    );
    // reference/imagebind.md §1.1: audio 20, text 1/0.07.
    const [audio = NaN] = await weights.readFloats('modality_postprocessors.audio.1.log_logit_scale');
    const [text = NaN] = await weights.readFloats('modality_postprocessors.text.1.log_logit_scale');
    assert.equal(audio, Math.fround(Math.log(20)));
    assert.equal(text, Math.fround(Math.log(1 / 0.07)));
  });

  it('gives the same bytes as floats', async () => {
    const weights = randomStateDict(LAYOUT, { seed: 3 });
    for (const { name, byteLength } of weights.tensors.values()) {
      const pieces: Buffer[] = [];
      for await (const piece of weights.readBytes(name)) pieces.push(Buffer.from(piece));
      const bytes = Buffer.concat(pieces);
      assert.equal(bytes.length, byteLength);
      assert.ok(bytes.equals(Buffer.from((await weights.readFloats(name)).buffer)));
    }
  });

  it('refuses a name that is not in the layout', async () => {
    await assert.rejects(randomStateDict([], { seed: 1 }).readFloats('w'), { code: 'CHECKPOINT_LAYOUT' });
  });
});
