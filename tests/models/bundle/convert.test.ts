import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { openBundle } from '../../../models/bundle/bundle';
import { type ConversionOptions, convertCheckpoint } from '../../../models/bundle/convert';
import { requireSpace } from '../../../models/bundle/workspace';
import type { StateDict } from '../../../models/checkpoint/stateDict';
import { readVariant } from '../../../models/imagebind/variant';
import { tokenizerDefinition } from '../../../models/text/publishedTokenizer';
import { Engine } from '../../../runtime/inference/engine';
import { cosine } from '../../../runtime/zeroshot/arithmetic';
import { convertImu, withTinyCheckpoint } from '../../support/imuBundle';
import { golden } from '../../support/paths';
import { refused } from '../../support/refused';
import { temporaryFolder } from '../../support/temporaryFolder';
import { TINY_LICENCE } from '../../support/tinyBundle';

const VISION_BIAS = 'modality_heads.vision.0.bias';
const TEXT_BIAS = 'modality_heads.text.proj.0.bias';
const IMU_BIAS = 'modality_heads.imu.0.bias';

async function convertTiny(
  outputDirectory: string,
  {
    change = (checkpoint) => checkpoint,
    ...options
  }: Partial<ConversionOptions> & { change?: (whole: StateDict) => StateDict } = {},
) {
  const variant = await readVariant(golden('golden.json'));
  return withTinyCheckpoint((checkpoint) =>
    convertCheckpoint(change(checkpoint), {
      variant,
      modalities: ['imu'],
      outputDirectory,
      precision: 'fp32',
      name: 'tiny',
      trained: false,
      licence: TINY_LICENCE,
      ...options,
    }),
  );
}

/** The same checkpoint with one number of one tensor replaced. */
function withNumber(name: string, value: number): (checkpoint: StateDict) => StateDict {
  return (checkpoint) => {
    const readFloats = async (tensor: string) => {
      const floats = await checkpoint.readFloats(tensor);
      if (tensor === name) floats[0] = value;
      return floats;
    };
    return {
      tensors: checkpoint.tensors,
      readFloats,
      readBytes: async function* (tensor) {
        if (tensor === name) yield new Uint8Array((await readFloats(tensor)).buffer);
        else yield* checkpoint.readBytes(tensor);
      },
      close: () => checkpoint.close(),
    };
  };
}

/** The same checkpoint without some of its tensors. */
function without(pattern: RegExp): (checkpoint: StateDict) => StateDict {
  return (checkpoint) => ({
    tensors: new Map([...checkpoint.tensors].filter(([name]) => !pattern.test(name))),
    readFloats: (name) => checkpoint.readFloats(name),
    readBytes: (name) => checkpoint.readBytes(name),
    close: () => checkpoint.close(),
  });
}

/** The definition of a space, spelt out over the bytes of the file: the golden checkpoint is stored as float32. */
async function digestOfAnchor(checkpoint: StateDict): Promise<string> {
  const parts: unknown[] = [];
  const names = [...checkpoint.tensors.keys()].filter((name) => /\.(vision|text)\./.test(name) && !/mask/.test(name));
  for (const name of names.sort((a, b) => (a < b ? -1 : 1))) {
    const hash = createHash('sha256');
    for await (const piece of checkpoint.readBytes(name)) hash.update(piece);
    parts.push([name, checkpoint.tensors.get(name)?.shape, hash.digest('hex')]);
  }
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

describe('the space of a bundle', () => {
  it('depends on the image and text towers alone: not on precision, modalities or other towers', async (context) => {
    const folder = await temporaryFolder(context);
    const { space } = await convertTiny(path.join(folder, 'imu'));
    assert.equal(space, `imagebind:${await withTinyCheckpoint(digestOfAnchor)}`);
    const spaceWith = async (name: string, options: Parameters<typeof convertTiny>[1]) =>
      (await convertTiny(path.join(folder, name), options)).space;
    assert.equal(await spaceWith('all', { modalities: ['vision', 'depth', 'text'] }), space);
    assert.equal(await spaceWith('half', { precision: 'fp16' }), space);
    assert.equal(await spaceWith('otherImu', { change: withNumber(IMU_BIAS, 5) }), space);
    assert.notEqual(await spaceWith('otherVision', { change: withNumber(VISION_BIAS, 5) }), space);
    assert.notEqual(await spaceWith('otherText', { change: withNumber(TEXT_BIAS, 5) }), space);
  });

  it('of a checkpoint without a text tower is its own, over all that it has', async (context) => {
    const folder = await temporaryFolder(context);
    const noText = without(/\.text\./);
    const { space } = await convertTiny(path.join(folder, 'a'), { change: noText });
    assert.match(space, /^unanchored:[0-9a-f]{32}$/);
    const other = (whole: StateDict) => withNumber(IMU_BIAS, 5)(noText(whole));
    assert.notEqual((await convertTiny(path.join(folder, 'b'), { change: other })).space, space);
  });
});

describe('converting', () => {
  it('stores matrices in half the bytes as fp16, and the encoder still agrees', async (context) => {
    const folder = await temporaryFolder(context);
    const input = {
      kind: 'tensor',
      data: Float32Array.from({ length: 6 * 2000 }, (_, index) => Math.sin(index / 50)),
      shape: [1, 6, 2000],
    } as const;
    const embeddings = [];
    const bytes: number[] = [];
    for (const precision of ['fp32', 'fp16'] as const) {
      const directory = path.join(folder, precision);
      const { encoders } = await convertTiny(directory, { precision });
      bytes.push(encoders['imu']?.weights?.bytes ?? 0);
      const engine = await Engine.open(await openBundle(directory, { stateDirectory: path.join(folder, 'state') }));
      context.after(() => engine.close());
      embeddings.push(await engine.encode('imu', input));
    }
    const [whole, half] = embeddings;
    assert.ok(whole && half);
    assert.ok((bytes[1] ?? 0) < 0.85 * (bytes[0] ?? 0), `${bytes}`);
    assert.equal(half.precision, 'fp16');
    assert.ok(cosine(whole, half) > 0.9999);
    assert.notDeepEqual(whole.vector, half.vector);
  });

  it('reports every byte of every tensor once', async (context) => {
    const last = new Map<string, { readonly doneBytes: number; readonly totalBytes: number }>();
    const directory = path.join(await temporaryFolder(context), 'bundle');
    await convertTiny(directory, {
      modalities: ['imu', 'depth'],
      onProgress: (progress) => last.set(progress.step, progress),
    });
    assert.deepEqual([...last.keys()], ['imu', 'depth', 'space']);
    for (const { doneBytes, totalBytes } of last.values()) assert.equal(doneBytes, totalBytes);
  });

  it('that is aborted, at any step, leaves nothing, and runs again', async (context) => {
    const folder = await temporaryFolder(context);
    const directory = path.join(folder, 'bundle');
    for (const step of ['space', 'imu']) {
      const controller = new AbortController();
      const onProgress = (progress: { readonly step: string }) => {
        if (progress.step === step) controller.abort();
      };
      await assert.rejects(
        convertTiny(directory, { onProgress, signal: controller.signal }),
        refused('CONVERSION_ABORTED'),
        step,
      );
      assert.deepEqual(await readdir(folder), [], step);
    }
    await convertTiny(directory);
    assert.deepEqual(await readdir(folder), ['bundle']);
  });

  it('that fails leaves nothing, and what was there before', async (context) => {
    const folder = await temporaryFolder(context);
    const directory = path.join(folder, 'bundle');
    const failing: readonly [Parameters<typeof convertTiny>[1], ReturnType<typeof refused>][] = [
      [{ change: withNumber(IMU_BIAS, Number.NaN) }, refused('CHECKPOINT_NOT_FINITE', /modality_heads\.imu\.0\.bias/)],
      [{ change: without(/imu\.blocks\.1\.norm_2\.bias/) }, refused('CHECKPOINT_LAYOUT', /norm_2\.bias/)],
      [{ modalities: ['imu', 'smell'] }, refused('MODALITY_UNKNOWN', /smell/)],
      [{ modalities: [] }, refused('CHECKPOINT_LAYOUT')],
      [{ modalities: ['text'], tokenizer: pruned() }, refused('TOKENIZER_INVALID', /49408 tokens/)],
    ];
    for (const [options, expected] of failing) {
      await assert.rejects(convertTiny(directory, options), expected);
      assert.deepEqual(await readdir(folder), []);
    }
    await convertImu(directory);
    const before = await readFile(path.join(directory, 'manifest.json'));
    await assert.rejects(
      convertTiny(directory, { overwrite: 'replace', change: withNumber(IMU_BIAS, Number.NaN) }),
      refused('CHECKPOINT_NOT_FINITE'),
    );
    assert.deepEqual(await readFile(path.join(directory, 'manifest.json')), before);
    assert.deepEqual(await readdir(folder), ['bundle']);
  });

  it('replaces a bundle only when asked to, and never another folder', async (context) => {
    const folder = await temporaryFolder(context);
    const directory = path.join(folder, 'bundle');
    await mkdir(directory);
    await convertTiny(directory, { name: 'first' });
    await assert.rejects(convertTiny(directory), refused('OUTPUT_EXISTS', /a bundle/));
    await convertTiny(directory, { name: 'second', overwrite: 'replace' });
    assert.equal((await openBundle(directory, { stateDirectory: path.join(folder, 'state') })).manifest.name, 'second');
    await writeFile(path.join(folder, 'state', 'letter.txt'), 'mine');
    for (const overwrite of ['refuse', 'replace'] as const) {
      const onto = convertTiny(path.join(folder, 'state'), { overwrite });
      await assert.rejects(onto, refused('OUTPUT_EXISTS', /no bundle/));
    }
    assert.equal(await readFile(path.join(folder, 'state', 'letter.txt'), 'utf8'), 'mine');
  });

  it('removes what a run that died left, and nothing else', async (context) => {
    const folder = await temporaryFolder(context);
    const marker = (pid: number) => JSON.stringify({ format: 'sensebind-conversion/1', process: pid });
    // The largest process id of Linux is 2^22.
    const dead = path.join(folder, '.bundle.sensebind-new-dead');
    const alive = path.join(folder, '.bundle.sensebind-new-alive');
    const foreign = path.join(folder, '.bundle.sensebind-new-foreign');
    const others = path.join(folder, '.other.sensebind-new-dead');
    for (const [place, content] of [
      [dead, marker(2 ** 22 + 1)],
      [alive, marker(process.ppid)],
      [foreign, '{}'],
      [others, marker(2 ** 22 + 1)],
    ] as const) {
      await mkdir(place);
      await writeFile(path.join(place, '.sensebind-conversion.json'), content);
      await writeFile(path.join(place, 'imu.onnx.data.partial'), 'x');
    }
    await convertTiny(path.join(folder, 'bundle'));
    const left = [alive, foreign, others, path.join(folder, 'bundle')].map((place) => path.basename(place));
    assert.deepEqual(new Set(await readdir(folder)), new Set(left));
  });

  it('puts back a bundle whose replacement died half-way', async (context) => {
    const folder = await temporaryFolder(context);
    await convertTiny(path.join(folder, '.bundle.sensebind-old-x'), { name: 'good' });
    await assert.rejects(convertTiny(path.join(folder, 'bundle')), refused('OUTPUT_EXISTS'));
    const bundle = await openBundle(path.join(folder, 'bundle'), { stateDirectory: path.join(folder, 'state') });
    assert.equal(bundle.manifest.name, 'good');
  });

  it('asks for room before it starts', async (context) => {
    const folder = await temporaryFolder(context);
    await assert.rejects(requireSpace(folder, 2 ** 60), refused('DISK_FULL', /expected 1152921504606847000 bytes/));
    await requireSpace(folder, 1);
  });
});

function pruned() {
  return tokenizerDefinition({ keep: { texts: ['a dog'] } });
}
