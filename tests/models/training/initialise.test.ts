import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IMAGEBIND_MINI, towerLayout } from '../../../models/imagebind/layout';
import { initialParameters, slotsOf } from '../../../models/training/initialise';

const LAYOUT = towerLayout('audio', { ...IMAGEBIND_MINI.towers.audio, output: IMAGEBIND_MINI.output });
const SLOTS = slotsOf(LAYOUT);

function deviationOf(numbers: Float32Array): number {
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  return Math.sqrt(numbers.reduce((sum, number) => sum + (number - mean) ** 2, 0) / numbers.length);
}

test('slots lie one after the other, and only matrices decay', () => {
  let offset = 0;
  for (const slot of SLOTS) {
    assert.equal(slot.offset, offset);
    offset += slot.length;
  }
  const decaying = new Set(SLOTS.filter(({ decays }) => decays).map(({ name }) => name.split('.').slice(-2).join('.')));
  const matrices = ['proj.weight', 'attn.in_proj_weight', 'out_proj.weight', 'fc1.weight', 'fc2.weight', '2.weight'];
  assert.deepEqual(decaying, new Set(matrices));
});

test('first values have the deviations of a transformer of 4 blocks and width 128', () => {
  const parameters = initialParameters(LAYOUT, { seed: 1 });
  const part = (ending: string): Float32Array => {
    const { offset, length } = SLOTS.find(({ name }) => name.endsWith(ending))!;
    return parameters.subarray(offset, offset + length);
  };
  const deviations = {
    'rgbt_stem.proj.weight': 1 / Math.sqrt(16 * 16),
    'blocks.2.attn.in_proj_weight': 1 / Math.sqrt(128),
    'blocks.2.attn.out_proj.weight': 1 / Math.sqrt(128 * 2 * 4),
    'blocks.2.mlp.fc1.weight': 1 / Math.sqrt(128),
    'blocks.2.mlp.fc2.weight': 1 / Math.sqrt(512 * 2 * 4),
    'pos_embedding_helper.pos_embed': 0.02,
  };
  for (const [ending, expected] of Object.entries(deviations)) {
    // Six standard errors of the deviation of 6,272 numbers, the smallest of them.
    assert.ok(Math.abs(deviationOf(part(ending)) / expected - 1) < 0.054, ending);
  }
  assert.ok(part('blocks.0.norm_1.weight').every((number) => number === 1));
  assert.ok(part('blocks.0.mlp.fc1.bias').every((number) => number === 0));
  assert.deepEqual(part('log_logit_scale'), Float32Array.of(Math.log(1 / 0.07)));
});

test('the same seed gives the same values, another one others', () => {
  assert.deepEqual(initialParameters(LAYOUT, { seed: 1 }), initialParameters(LAYOUT, { seed: 1 }));
  assert.notDeepEqual(initialParameters(LAYOUT, { seed: 1 }), initialParameters(LAYOUT, { seed: 2 }));
});
