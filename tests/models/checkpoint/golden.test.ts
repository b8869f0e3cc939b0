import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { openCheckpoint } from '../../../models/checkpoint/checkpoint';
import { golden } from '../../support/paths';

describe('the golden checkpoint', () => {
  it('has the names and shapes of the published layout, one to one', async () => {
    const checkpoint = await openCheckpoint(golden('imagebind_tiny.pth'));
    const found = new Map([...checkpoint.tensors.values()].map(({ name, shape }) => [name, [...shape]]));
    const { config } = JSON.parse(await readFile(golden('golden.json'), 'utf8')) as {
      config: Record<string, number>;
    };
    assert.deepEqual([...found].sort(), [...publishedLayout(new Map(Object.entries(config)))].sort());
    await checkpoint.close();
  });

  it('gives the values that PyTorch reads', async () => {
    const checkpoint = await openCheckpoint(golden('imagebind_tiny.pth'));
    // First, second, last element and the sum of all in float64, printed by PyTorch 1.13 after torch.load.
    for (const [name, first, second, last, sum] of [
      [
        'modality_preprocessors.vision.rgbt_stem.proj.1.weight',
        -0.023067457601428032,
        0.026159392669796944,
        -0.00892312079668045,
        10.033804775750355,
      ],
      [
        'modality_trunks.imu.blocks.1.mlp.fc2.bias',
        0.0759410485625267,
        0.1485486477613449,
        -0.06193314865231514,
        0.33961669937707484,
      ],
      [
        'modality_heads.audio.2.weight',
        0.10203234851360321,
        -0.12168262898921967,
        -0.0805736854672432,
        -1.9913016203499865,
      ],
      [
        'modality_trunks.audio.blocks.0.attn.bias_k',
        0.041110217571258545,
        0.04812496155500412,
        0.09534671157598495,
        1.6012220717966557,
      ],
      [
        'modality_preprocessors.imu.imu_stem.proj.weight',
        -0.0986083596944809,
        -0.07845403254032135,
        0.02734602801501751,
        1.5920517082267907,
      ],
    ] as const) {
      const floats = await checkpoint.readFloats(name);
      assert.deepEqual([floats[0], floats[1], floats.at(-1)], [first, second, last]);
      const total = floats.reduce((accumulated, value) => accumulated + value, 0);
      assert.ok(Math.abs(total - sum) < 1e-9, `${name}: ${total}`);
    }
    assert.deepEqual(
      [...(await checkpoint.readFloats('modality_postprocessors.text.1.log_logit_scale'))],
      [2.6592600345611572],
    );
    await checkpoint.close();
  });

  it('says its path and size, and refuses names it does not hold', async () => {
    const checkpoint = await openCheckpoint(golden('imagebind_tiny.pth'));
    assert.equal(checkpoint.path, golden('imagebind_tiny.pth'));
    assert.equal(checkpoint.fileBytes, 5_051_566);
    await assert.rejects(checkpoint.readFloats('__proto__'), { code: 'CHECKPOINT_LAYOUT' });
    await checkpoint.close();
    await assert.rejects(checkpoint.readFloats('modality_heads.audio.2.weight'), { code: 'FILE_UNREADABLE' });
  });
});

/** reference/imagebind.md §1.5, written out for the sizes of the golden data. */
function publishedLayout(config: ReadonlyMap<string, number>): Map<string, number[]> {
  const layout = new Map<string, number[]>();
  const add = (names: string, shape: number[]) => {
    for (const suffix of names.split(' ')) layout.set(suffix, shape);
  };
  const output = config.get('out_embed_dim') ?? 0;
  for (const [modality, tokens, stem] of [
    ['vision', 257, ['rgbt_stem.proj.1.weight', 3, 2, 14, 14]],
    ['text', 77, ['token_embedding.weight']],
    ['audio', 229, ['rgbt_stem.proj.weight', 1, 16, 16]],
    ['depth', 197, ['depth_stem.proj.weight', 1, 16, 16]],
    ['thermal', 197, ['rgbt_stem.proj.weight', 1, 16, 16]],
    ['imu', 251, ['imu_stem.proj.weight', 48]],
  ] as const) {
    const width = config.get(`${modality}_embed_dim`) ?? 0;
    const [stemName, ...kernel] = stem;
    const pre = `modality_preprocessors.${modality}`;
    const head = `modality_heads.${modality}`;
    const text = modality === 'text';
    add(`${pre}.${stemName}`, text ? [49408, width] : [width, ...kernel]);
    add(text || modality === 'imu' ? `${pre}.pos_embed` : `${pre}.pos_embedding_helper.pos_embed`, [1, tokens, width]);
    if (text) add(`${pre}.mask`, [77, 77]);
    else add(`${pre}.cls_token`, [1, 1, width]);
    const norm = `${pre}.${stemName.split('.')[0]}.norm_layer`;
    if (modality === 'vision')
      add('modality_trunks.vision.pre_transformer_layer.0.weight modality_trunks.vision.pre_transformer_layer.0.bias', [
        width,
      ]);
    else if (!text) add(`${norm}.weight ${norm}.bias`, [width]);
    for (let block = 0; block < (config.get(`${modality}_num_blocks`) ?? 0); block++) {
      const at = `modality_trunks.${modality}.blocks.${block}`;
      add(`${at}.attn.in_proj_weight`, [3 * width, width]);
      add(`${at}.attn.in_proj_bias`, [3 * width]);
      if (!text && modality !== 'vision') add(`${at}.attn.bias_k ${at}.attn.bias_v`, [1, 1, width]);
      add(`${at}.attn.out_proj.weight`, [width, width]);
      add(`${at}.mlp.fc1.weight`, [4 * width, width]);
      add(`${at}.mlp.fc1.bias`, [4 * width]);
      add(`${at}.mlp.fc2.weight`, [width, 4 * width]);
      add(`${at}.attn.out_proj.bias ${at}.mlp.fc2.bias`, [width]);
      add(`${at}.norm_1.weight ${at}.norm_1.bias ${at}.norm_2.weight ${at}.norm_2.bias`, [width]);
    }
    add(text ? `${head}.proj.0.weight ${head}.proj.0.bias` : `${head}.0.weight ${head}.0.bias`, [width]);
    add(text ? `${head}.proj.1.weight` : `${head}.${modality === 'imu' ? 3 : 2}.weight`, [output, width]);
    if (modality !== 'vision') add(`modality_postprocessors.${modality}.1.log_logit_scale`, []);
  }
  return layout;
}
