import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Checkpoint, openCheckpoint } from '../../../models/checkpoint/checkpoint';
import {
  IMAGEBIND_DEMO,
  IMAGEBIND_HUGE,
  type ImagebindDimensions,
  imagebindLayout,
  type TensorLayout,
} from '../../../models/imagebind/layout';
import { golden } from '../../support/paths';

let checkpoint: Checkpoint;

before(async () => {
  checkpoint = await openCheckpoint(golden('imagebind_tiny.pth'));
});

after(async () => {
  await checkpoint.close();
});

function elements(layout: readonly TensorLayout[]): number {
  return layout.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

test('imagebind_huge has as many tensors and elements as the published model', () => {
  // reference/imagebind.md §1.1 and §1.5: listed from the instantiated PyTorch model.
  assert.deepEqual(
    [imagebindLayout(IMAGEBIND_HUGE).length, elements(imagebindLayout(IMAGEBIND_HUGE))],
    [1311, 1_200_786_990],
  );
  const published = {
    vision: [392, 632_829_440],
    text: [295, 354_038_570],
    audio: [177, 86_235_649],
    depth: [177, 21_871_873],
    thermal: [177, 86_211_073],
    imu: [93, 19_600_385],
  } as const;
  for (const [modality, expected] of Object.entries(published)) {
    const layout = imagebindLayout(IMAGEBIND_HUGE, [modality as keyof typeof published]);
    assert.deepEqual([layout.length, elements(layout)], expected, modality);
  }
});

test('names and shapes are those of a checkpoint that PyTorch wrote', () => {
  // Dimensions as golden.json gives them; tokens and kernels are the published ones.
  const { towers } = IMAGEBIND_HUGE;
  const tiny: ImagebindDimensions = {
    output: 48,
    towers: {
      vision: { ...towers.vision, width: 64, hidden: 256, blocks: 2 },
      text: { ...towers.text, width: 16, hidden: 64, blocks: 2 },
      audio: { ...towers.audio, width: 48, hidden: 192, blocks: 2 },
      depth: { ...towers.depth, width: 32, hidden: 128, blocks: 2 },
      thermal: { ...towers.thermal, width: 48, hidden: 192, blocks: 2 },
      imu: { ...towers.imu, width: 32, hidden: 128, blocks: 2 },
    },
  };
  const sorted = (layout: Iterable<TensorLayout>): readonly string[] =>
    [...layout].map(({ name, shape }) => `${name} [${shape}]`).sort((a, b) => (a < b ? -1 : 1));
  assert.deepEqual(sorted(imagebindLayout(tiny)), sorted(checkpoint.tensors.values()));
});

test('the demonstration model takes the published inputs', () => {
  for (const [modality, { tokens, stem }] of Object.entries(IMAGEBIND_HUGE.towers)) {
    const demo = IMAGEBIND_DEMO.towers[modality as keyof ImagebindDimensions['towers']];
    assert.deepEqual([demo.tokens, demo.stem], [tokens, stem], modality);
  }
});
