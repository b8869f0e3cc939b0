import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { InputSpec } from '../../../../models/bundle/manifest';
import { inputsOf, tensors } from '../../../../runtime/cli/bench/inputs';
import { presets, RAW_PRESET } from '../../../../runtime/preprocess/presets';
import { tensorItems } from '../../../../runtime/preprocess/tensor';

/** Of the published encoders; radar as docs/binding.md has it. */
const SPECS: Readonly<Record<string, InputSpec>> = {
  vision: { kind: 'picture', channels: 3, frames: 2, height: 224, width: 224 },
  audio: { kind: 'sound', sampleRateHz: 16_000, clipSeconds: 2, clips: 3, melBins: 128, columns: 204 },
  depth: { kind: 'picture', channels: 1, height: 224, width: 224 },
  thermal: { kind: 'picture', channels: 1, height: 224, width: 224 },
  imu: { kind: 'series', channels: 6, rateHz: 400, windowSeconds: 5, samples: 2000 },
  radar: { kind: 'profile', bins: 128, binMetres: 0.0625, floor: 0.01, mean: -2, deviation: 1.5 },
};

describe('inputs to measure with', () => {
  for (const preset of presets.filter(({ modality }) => modality !== 'text')) {
    it(`fit the preset ${preset.id} of ${preset.modality}, and change from window to window`, async () => {
      const input = SPECS[preset.modality]!;
      const inputs = inputsOf(preset.modality, { input, preset: preset.id });
      const preprocessor = preset.create(input, {});
      const windows: (readonly [string | undefined, string])[] = [];
      for (const turn of [0, 1]) {
        const { items, flags } = await preprocessor.prepare(inputs(turn));
        assert.ok(items.length > 0);
        assert.ok(!flags.includes('silent') && !flags.includes('partial-window'), String(flags));
        const { cacheKey, data } = items[0]!;
        windows.push([cacheKey, data.join()]);
      }
      // A clip of sound is remembered by its key, everything else by nobody.
      assert.notDeepEqual(windows[0], windows[1]);
    });
  }

  it('are ready-made tensors where no sensor of ours feeds an encoder', () => {
    for (const spec of Object.values(SPECS)) {
      const input = inputsOf('smell', { input: spec, preset: RAW_PRESET })(0);
      assert.equal(input.kind, 'tensor');
      assert.equal(input.kind === 'tensor' && tensorItems(input, spec).items.length, 1);
    }
  });

  it('are token ids of the vocabulary for an encoder of text', () => {
    const spec: InputSpec = { kind: 'tokens', length: 25, vocabulary: 232 };
    const input = tensors(spec)(3);
    assert.ok(input.kind === 'tensor' && tensorItems(input, spec).items.length === 1);
  });
});
