import type { StateDict } from '../../../models/checkpoint/stateDict';

/**
 * ImageBind's forward in plain float64 loops, written from reference/imagebind.md §1.2-1.5 without a look at the code
 * under test: names are spelled out, weights stay as they are in the checkpoint, nothing is fused or folded.
 */

export interface Architecture {
  readonly modality: string;
  readonly heads: number;
  /** Steps of the stem's kernel along its axes; for imu the samples of a step. */
  readonly stride: readonly number[];
}

/** One item: shape without the batch. */
export interface Item {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

type Vector = readonly number[];
type Matrix = readonly Vector[];

/** Reads a tensor as rows of its last dimension. */
type Read = (name: string) => Promise<Matrix>;

/** The unit embedding of one item. */
export async function float64Forward(checkpoint: StateDict, architecture: Architecture, item: Item): Promise<Vector> {
  const { modality, heads } = architecture;
  const read: Read = async (name) => {
    const data = [...(await checkpoint.readFloats(name))];
    const columns = checkpoint.tensors.get(name)?.shape.at(-1) ?? 1;
    return Array.from({ length: data.length / columns }, (_, row) => data.slice(row * columns, (row + 1) * columns));
  };
  let x = await stemTokens(checkpoint, { ...architecture, read }, item);
  if (modality === 'vision')
    x = await norm(x, { read, name: 'modality_trunks.vision.pre_transformer_layer.0', epsilon: 1e-6 });
  for (let block = 0; checkpoint.tensors.has(`modality_trunks.${modality}.blocks.${block}.norm_1.weight`); block++) {
    x = await transformerBlock(x, { read, heads, modality, prefix: `modality_trunks.${modality}.blocks.${block}` });
  }
  const row = x[modality === 'text' ? endOfText(item) : 0] ?? [];
  const prefix = modality === 'text' ? 'modality_heads.text.proj' : `modality_heads.${modality}`;
  const weight = await read(`${prefix}.${modality === 'text' ? 1 : modality === 'imu' ? 3 : 2}.weight`);
  const [embedding = []] = linear(await norm([row], { read, name: `${prefix}.0`, epsilon: 1e-6 }), weight);
  const size = Math.max(Math.hypot(...embedding), 1e-12);
  return embedding.map((number) => number / size);
}

function endOfText({ data }: Item): number {
  const ids = Array.from(data);
  return ids.indexOf(Math.max(...ids));
}

async function stemTokens(
  checkpoint: StateDict,
  { modality, stride, read }: Architecture & { readonly read: Read },
  item: Item,
): Promise<Matrix> {
  const prefix = `modality_preprocessors.${modality}`;
  if (modality === 'text') {
    const table = await read(`${prefix}.token_embedding.weight`);
    return plus(
      Array.from(item.data, (id) => table[id] ?? []),
      await read(`${prefix}.pos_embed`),
    );
  }
  const stem = { vision: 'rgbt_stem', audio: 'rgbt_stem', depth: 'depth_stem', thermal: 'rgbt_stem', imu: 'imu_stem' }[
    modality
  ];
  const name = `${prefix}.${stem}.proj${modality === 'vision' ? '.1' : ''}.weight`;
  const kernel = checkpoint.tensors.get(name)?.shape ?? [];
  const weight = [...(await checkpoint.readFloats(name))];
  let tokens =
    modality === 'imu'
      ? linear(unfold(item, stride[0] ?? 0), await read(name))
      : patches(item, { weight, kernel, stride });
  if (modality !== 'vision') tokens = await norm(tokens, { read, name: `${prefix}.${stem}.norm_layer`, epsilon: 1e-5 });
  const table = modality === 'imu' ? `${prefix}.pos_embed` : `${prefix}.pos_embedding_helper.pos_embed`;
  return plus([...(await read(`${prefix}.cls_token`)), ...tokens], await read(table));
}

/** `[channels, samples]` → one row per step: feature = channel · kernel + sample. */
function unfold({ data, shape }: Item, kernel: number): Matrix {
  const [channels = 0, samples = 0] = shape;
  return Array.from({ length: samples / kernel }, (_, step) =>
    Array.from(
      { length: channels * kernel },
      (_unused, feature) => data[Math.floor(feature / kernel) * samples + step * kernel + (feature % kernel)] ?? 0,
    ),
  );
}

/** Convolution without padding over (frames,) vertical, horizontal, positions row by row. */
function patches(
  { data, shape }: Item,
  conv: { readonly weight: Vector; readonly kernel: readonly number[]; readonly stride: readonly number[] },
): Matrix {
  // A picture without frames is one of a single frame.
  const threeAxes = (sizes: readonly number[]): readonly [number, number, number] => {
    const [a = 1, b = 1, c = 1] = sizes.length === 2 ? [1, ...sizes] : sizes;
    return [a, b, c];
  };
  const [width = 0, channels = 0, ...kernelSizes] = conv.kernel;
  const [frames, height, columns] = threeAxes(shape.slice(1));
  const [kf, kh, kw] = threeAxes(kernelSizes);
  const [sf, sh, sw] = threeAxes(conv.stride);
  const tokens: number[][] = [];
  for (let f = 0; f + kf <= frames; f += sf) {
    for (let top = 0; top + kh <= height; top += sh) {
      for (let left = 0; left + kw <= columns; left += sw) {
        const token = Array.from({ length: width }, (_, feature) => {
          let sum = 0;
          for (let channel = 0; channel < channels; channel++) {
            for (let df = 0; df < kf; df++) {
              for (let dy = 0; dy < kh; dy++) {
                for (let dx = 0; dx < kw; dx++) {
                  const weight = conv.weight[(((feature * channels + channel) * kf + df) * kh + dy) * kw + dx] ?? 0;
                  sum += weight * (data[((channel * frames + f + df) * height + top + dy) * columns + left + dx] ?? 0);
                }
              }
            }
          }
          return sum;
        });
        tokens.push(token);
      }
    }
  }
  return tokens;
}

async function transformerBlock(
  x: Matrix,
  {
    read,
    heads,
    modality,
    prefix,
  }: { readonly read: Read; readonly heads: number; readonly modality: string; readonly prefix: string },
): Promise<Matrix> {
  const [inBias = []] = await read(`${prefix}.attn.in_proj_bias`);
  const packed = linear(
    await norm(x, { read, name: `${prefix}.norm_1`, epsilon: 1e-6 }),
    await read(`${prefix}.attn.in_proj_weight`),
    inBias,
  );
  const width = inBias.length / 3;
  const part = (index: number): Matrix => packed.map((row) => row.slice(index * width, (index + 1) * width));
  const extra = modality !== 'vision' && modality !== 'text';
  const keys = extra ? [...part(1), ...(await read(`${prefix}.attn.bias_k`))] : part(1);
  const values = extra ? [...part(2), ...(await read(`${prefix}.attn.bias_v`))] : part(2);
  const mixed = attention({ queries: part(0), keys, values }, { heads, causal: modality === 'text' });
  const [outBias = []] = await read(`${prefix}.attn.out_proj.bias`);
  const attended = plus(x, linear(mixed, await read(`${prefix}.attn.out_proj.weight`), outBias));
  const [expandBias = []] = await read(`${prefix}.mlp.fc1.bias`);
  const [contractBias = []] = await read(`${prefix}.mlp.fc2.bias`);
  const normal = await norm(attended, { read, name: `${prefix}.norm_2`, epsilon: 1e-6 });
  const hidden = linear(normal, await read(`${prefix}.mlp.fc1.weight`), expandBias).map((row) => row.map(gelu));
  return plus(attended, linear(hidden, await read(`${prefix}.mlp.fc2.weight`), contractBias));
}

function attention(
  { queries, keys, values }: { readonly queries: Matrix; readonly keys: Matrix; readonly values: Matrix },
  { heads, causal }: { readonly heads: number; readonly causal: boolean },
): Matrix {
  const width = (queries[0] ?? []).length / heads;
  return queries.map((query, row) =>
    Array.from({ length: heads }, (_, head) => {
      const slice = (vector: Vector): Vector => vector.slice(head * width, (head + 1) * width);
      const scores = keys.map((key, column) =>
        causal && column > row ? Number.NEGATIVE_INFINITY : dot(slice(query), slice(key)) / Math.sqrt(width),
      );
      const largest = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - largest));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return Array.from({ length: width }, (_unused, feature) =>
        values.reduce((sum, value, column) => sum + ((weights[column] ?? 0) / total) * (slice(value)[feature] ?? 0), 0),
      );
    }).flat(),
  );
}

async function norm(
  x: Matrix,
  { read, name, epsilon }: { readonly read: Read; readonly name: string; readonly epsilon: number },
): Promise<Matrix> {
  const [scale = []] = await read(`${name}.weight`);
  const [bias = []] = await read(`${name}.bias`);
  return x.map((row) => {
    const mean = row.reduce((sum, number) => sum + number, 0) / row.length;
    const variance = row.reduce((sum, number) => sum + (number - mean) ** 2, 0) / row.length;
    return row.map((number, i) => ((number - mean) / Math.sqrt(variance + epsilon)) * (scale[i] ?? 0) + (bias[i] ?? 0));
  });
}

/** x · Wᵀ + b, with W as `[out, in]`. */
function linear(x: Matrix, weight: Matrix, bias: Vector = []): Matrix {
  return x.map((row) => weight.map((weights, out) => dot(row, weights) + (bias[out] ?? 0)));
}

function dot(a: Vector, b: Vector): number {
  return a.reduce((sum, number, index) => sum + number * (b[index] ?? 0), 0);
}

function plus(a: Matrix, b: Matrix): Matrix {
  return a.map((row, i) => row.map((number, j) => number + (b[i]?.[j] ?? 0)));
}

/** x · Φ(x), with the error function as its Maclaurin series: exact to float64 for the small x of a test. */
function gelu(x: number): number {
  const z = x / Math.SQRT2;
  let term = z;
  let sum = z;
  for (let n = 1; n < 200 && Math.abs(term) > 1e-18; n++) {
    term *= (-z * z) / n;
    sum += term / (2 * n + 1);
  }
  return (x / 2) * (1 + (2 / Math.sqrt(Math.PI)) * sum);
}
