import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdamW, clipLength } from '../../../models/training/adamW';
import { slotsOf } from '../../../models/training/initialise';

const OPTIONS = { beta1: 0.9, beta2: 0.95, weightDecay: 0.2 };
const LAYOUT = [
  { name: 'a.weight', shape: [2, 2] },
  { name: 'a.bias', shape: [2] },
];
const START = [1, -2, 0.5, 3, 0.25, -0.75];
const GRADIENTS = [
  [0.1, -0.2, 0.3, 0, 1.5, -1e-4],
  [-0.4, 0.2, 0.1, 2, 0.5, 1e-4],
  [0.7, 0.1, -0.6, 1, -1, 3e-4],
];

/**
 * torch 1.13:
 *
 *     p = torch.nn.Parameter(torch.tensor([[1.0, -2.0], [0.5, 3.0]]))
 *     b = torch.nn.Parameter(torch.tensor([0.25, -0.75]))
 *     groups = [{'params': [p], 'weight_decay': 0.2}, {'params': [b], 'weight_decay': 0.0}]
 *     optimiser = torch.optim.AdamW(groups, lr=0.01, betas=(0.9, 0.95), eps=1e-8)
 *     # for each of GRADIENTS: p.grad, b.grad = …; optimiser.step(); print(p.flatten().tolist() + b.tolist())
 */
const FROM_TORCH = [
  [0.988000035, -1.986000061, 0.489000022, 2.993999958, 0.239999995, -0.740001023],
  [0.991558075, -1.982554436, 0.479222417, 2.980662584, 0.231200382, -0.740527272],
  [0.986323118, -1.981125236, 0.480742544, 2.966736555, 0.228907853, -0.7463727],
];

function assertNear(found: Float32Array, expected: readonly number[]): void {
  assert.equal(found.length, expected.length);
  for (const [index, number] of expected.entries()) assert.ok(Math.abs(found[index]! - number) < 5e-7, `${found}`);
}

test('three steps are those of torch; biases do not decay', () => {
  const parameters = Float32Array.from(START);
  const optimiser = new AdamW(slotsOf(LAYOUT), OPTIONS);
  for (const [step, gradients] of GRADIENTS.entries()) {
    optimiser.update(parameters, Float32Array.from(gradients), { learningRate: 0.01 });
    assertNear(parameters, FROM_TORCH[step]!);
    assert.equal(optimiser.state.step, step + 1);
  }
});

test('an optimiser goes on from a state, which stays as it was', () => {
  const parameters = Float32Array.from(START);
  const first = new AdamW(slotsOf(LAYOUT), OPTIONS);
  first.update(parameters, Float32Array.from(GRADIENTS[0]!), { learningRate: 0.01 });
  const state = structuredClone(first.state);
  for (let twice = 0; twice < 2; twice++) {
    const copy = parameters.slice();
    const second = new AdamW(slotsOf(LAYOUT), OPTIONS, state);
    second.update(copy, Float32Array.from(GRADIENTS[1]!), { learningRate: 0.01 });
    assertNear(copy, FROM_TORCH[1]!);
  }
  assert.deepEqual(state, first.state);
});

test('long gradients are shortened, short ones are not', () => {
  // torch.nn.utils.clip_grad_norm_ of these to 6.5: 13.0, [1.5, -2.0, 6.0, 0.0] (to 6 digits).
  const gradients = Float32Array.of(3, -4, 12, 0);
  assert.equal(clipLength(gradients, 6.5), 13);
  assert.deepEqual([...gradients], [1.5, -2, 6, 0]);
  assert.equal(clipLength(gradients, 6.5), 6.5);
  assert.deepEqual([...gradients], [1.5, -2, 6, 0]);
  assert.equal(clipLength(new Float32Array(3), 1), 0);
  assert.equal(clipLength(Float32Array.of(1, Number.POSITIVE_INFINITY), 1), Number.POSITIVE_INFINITY);
  assert.ok(Number.isNaN(clipLength(Float32Array.of(1, Number.NaN), 1)));
});
