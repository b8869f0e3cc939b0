import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { InputSpec, PictureSpec } from '../../../models/bundle/manifest';
import { readFloats } from '../../../runtime/cli/verify/npy';
import { isSensebindError } from '../../../runtime/errors';
import { depthPresets } from '../../../runtime/preprocess/depth';
import type { DepthInput } from '../../../runtime/preprocess/input';
import type { Prepared } from '../../../runtime/preprocess/preset';
import { presetOf } from '../../../runtime/preprocess/presets';
import { golden } from '../../support/paths';

const DEPTH: PictureSpec = { kind: 'picture', channels: 1, height: 224, width: 224 };

function prepare(input: DepthInput, id = 'metric'): Prepared {
  const prepared = presetOf('depth', id).create(DEPTH, {}).prepare(input);
  assert.ok(!(prepared instanceof Promise));
  return prepared;
}

function valuesOf(input: DepthInput, id?: string): Float32Array {
  const [item] = prepare(input, id).items;
  assert.ok(item?.data instanceof Float32Array);
  assert.deepEqual(item.shape, [1, 1, 224, 224]);
  return item.data;
}

function frame(width: number, height: number, metres: (x: number, y: number) => number): DepthInput {
  const values = Float32Array.from({ length: width * height }, (_, at) => metres(at % width, Math.floor(at / width)));
  return { kind: 'depth', metres: values, width, height };
}

function flat(metres: number): DepthInput {
  return frame(320, 240, () => metres);
}

function largestDifference(left: Float32Array, right: Float32Array): number {
  assert.equal(left.length, right.length);
  return left.reduce((largest, value, index) => Math.max(largest, Math.abs(value - (right[index] ?? Number.NaN))), 0);
}

describe('the depth presets', () => {
  for (const [width, height] of [
    [640, 480],
    [320, 240],
  ] as const) {
    it(`metric equals the golden frame of ${width} × ${height} within 1e-3`, async () => {
      const { data: metres } = await readFloats(golden(`depth_${width}x${height}_in.npy`));
      const expected = await readFloats(golden(`depth_${width}x${height}_out.npy`));
      assert.ok(largestDifference(valuesOf({ kind: 'depth', metres, width, height }), expected.data) <= 1e-3);
    });
  }

  /** By hand from reference/imagebind.md §5.1 and §5.3, for a wall at 2 m, one far away, and one at the lens. */
  const formulas = [
    { id: 'metric', at2: (39 / 2 / 75 - 0.0418) / 0.0295, far: (39 / 8 / 75 - 0.0418) / 0.0295, near: 32.481356 },
    { id: 'omnivore', at2: (39 / 16 / 75 - 0.0418) / 0.0295, far: (39 / 50 / 75 - 0.0418) / 0.0295, near: 32.481356 },
    { id: 'omnivision', at2: 39 / 2 / 75, far: 39 / 8 / 75, near: 1 },
    { id: 'codebind-nyu', at2: (0.26 - 0.2321) / 0.1151, far: (39 / 50 / 75 - 0.2321) / 0.1151, near: 6.67159 },
    { id: 'codebind-sun', at2: (0.26 - 0.3184) / 0.104, far: (39 / 50 / 75 - 0.3184) / 0.104, near: 6.553846 },
    { id: 'image-like', at2: (64 / 255 - 0.48145466) / 0.26862954, far: 1.930336, near: -0.48145466 / 0.26862954 },
  ];
  for (const { id, at2, far, near } of formulas) {
    it(`${id} follows its formula`, () => {
      for (const [metres, expected] of [
        [2, at2],
        [60, far],
        [0.005, near],
      ] as const) {
        const values = valuesOf(flat(metres), id);
        assert.ok(
          values.every((value) => Math.abs(value - expected) < 1e-4),
          `${metres} m: ${values[0]}, expected ${expected}`,
        );
      }
    });
  }

  it('has a formula above for each', () => {
    assert.deepEqual(
      depthPresets.map(({ id }) => id),
      formulas.map(({ id }) => id),
    );
  });

  it("uses the camera's own baseline × focal length", () => {
    const values = valuesOf({ ...flat(3), baselineFocal: 30 });
    assert.ok(values.every((value) => Math.abs(value - (30 / 3 / 75 - 0.0418) / 0.0295) < 1e-4));
  });

  it('clamps the disparity whatever the camera', () => {
    for (const [baselineFocal, disparity] of [
      [1e6, 75],
      [1e-6, 0.01],
    ] as const) {
      for (const metres of [0.001, 2, 100]) {
        const values = valuesOf({ ...flat(metres), baselineFocal }, 'omnivision');
        assert.ok(values.every((value) => Math.abs(value - disparity / 75) < 1e-6));
      }
    }
  });

  it('reads shared memory', () => {
    const input = frame(100, 80, (x, y) => 1 + x / 50 + y / 40);
    const metres = new Float32Array(new SharedArrayBuffer(input.metres.byteLength));
    metres.set(input.metres);
    assert.deepEqual(valuesOf({ ...input, metres }), valuesOf(input));
  });
});

describe('holes in a depth frame', () => {
  for (const missing of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    it(`of value ${missing} are filled from their neighbourhood, and flagged`, () => {
      const input = frame(320, 240, (x, y) => (x > 100 && x < 140 && y > 50 && y < 200 ? missing : 2));
      const before = input.metres.slice();
      const { flags } = prepare(input);
      assert.deepEqual(flags, ['holes-filled']);
      assert.deepEqual(valuesOf(input), valuesOf(flat(2)));
      assert.deepEqual(input.metres, before, 'the input is unchanged');
    });
  }

  it('outside the crop change nothing', () => {
    const input = frame(640, 240, (x) => (x < 150 ? 0 : 2));
    assert.deepEqual(prepare(input).flags, []);
  });

  it('do not leave a trace in the next frame', () => {
    const preprocessor = presetOf('depth', 'metric').create(DEPTH, {});
    preprocessor.prepare(frame(64, 64, (x) => (x % 2 === 0 ? 0 : 5)));
    const prepared = preprocessor.prepare(frame(64, 64, () => 2));
    assert.ok(!(prepared instanceof Promise));
    assert.deepEqual(prepared.flags, []);
    assert.deepEqual(prepared.items[0]?.data, valuesOf(frame(64, 64, () => 2)));
  });

  it('everywhere are an error', () => {
    for (const missing of [0, Number.NaN]) {
      assert.throws(
        () => prepare(flat(missing)),
        (error) => isSensebindError(error, 'INPUT_INVALID'),
      );
    }
  });
});

describe('a depth frame', () => {
  const wrong = [
    { what: 'of another length', input: { ...flat(2), width: 321 }, code: 'INPUT_INVALID' },
    { what: 'of negative size', input: { ...flat(2), width: -320, height: -240 }, code: 'INPUT_INVALID' },
    { what: 'too large', input: { ...flat(2), width: 5000, height: 5000 }, code: 'INPUT_TOO_LARGE' },
    { what: 'with a baseline of zero', input: { ...flat(2), baselineFocal: 0 }, code: 'INPUT_INVALID' },
    { what: 'with a baseline of NaN', input: { ...flat(2), baselineFocal: Number.NaN }, code: 'INPUT_INVALID' },
  ] as const;
  for (const { what, input, code } of wrong) {
    it(`${what} is refused`, () => {
      assert.throws(
        () => prepare(input),
        (error) => isSensebindError(error, code),
      );
    });
  }

  it('does not fit an encoder of colours, of frames, or of anything but pictures', () => {
    const others: readonly InputSpec[] = [
      { ...DEPTH, channels: 3 },
      { ...DEPTH, frames: 2 },
      { kind: 'tokens', length: 77, vocabulary: 49_408 },
    ];
    for (const spec of others) {
      assert.throws(
        () => presetOf('depth', 'metric').create(spec, {}),
        (error) => isSensebindError(error, 'PRESET_UNKNOWN'),
      );
    }
  });
});
