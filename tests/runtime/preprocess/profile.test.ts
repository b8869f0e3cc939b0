import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { InputSpec } from '../../../models/bundle/manifest';
import { presetOf } from '../../../runtime/preprocess/presets';
import { refused } from '../../support/refused';

const SPEC: InputSpec = { kind: 'profile', bins: 4, binMetres: 0.05, floor: 0.5, mean: -1, deviation: 2 };

describe('the preset of range profiles', () => {
  const preprocessor = presetOf('sonar', 'radar/range-log').create(SPEC, {});
  const input = (strengths: readonly number[], binMetres = 0.05) =>
    ({ kind: 'profile', strengths: Float32Array.from(strengths), binMetres }) as const;

  it('takes logarithms by the constants of the manifest, whatever else a profile holds', async () => {
    // ln(0.5), ln(1), ln(e² ) and ln(e⁴), plus 1, halved.
    const { items, flags } = await preprocessor.prepare(input([0, 0.5, Math.E ** 2 - 0.5, Math.E ** 4 - 0.5], 0.0502));
    assert.deepEqual(flags, []);
    assert.deepEqual(items[0]!.shape, [1, 1, 4]);
    const expected = [(Math.log(0.5) + 1) / 2, 0.5, 1.5, 2.5];
    for (const [bin, value] of expected.entries()) assert.ok(Math.abs(items[0]!.data[bin]! - value) < 1e-6);
  });

  it('refuses profiles of another setting, in decibels, without numbers, and other readings', () => {
    assert.throws(() => preprocessor.prepare(input([1, 1, 1])), refused('INPUT_INVALID', /4 bins.*found 3/));
    assert.throws(() => preprocessor.prepare(input([1, 1, 1, 1], 0.1)), refused('INPUT_INVALID', /0.1 m/));
    assert.throws(() => preprocessor.prepare(input([1, -3, 1, 1])), refused('INPUT_INVALID', /-3 at 1/));
    assert.throws(() => preprocessor.prepare(input([1, NaN, 1, 1])), refused('INPUT_NOT_FINITE'));
    assert.throws(() => preprocessor.prepare({ kind: 'text', text: 'a' }), refused('INPUT_UNSUPPORTED'));
    const tokens: InputSpec = { kind: 'tokens', length: 4, vocabulary: 4 };
    assert.throws(() => presetOf('radar', 'range-log').create(tokens, {}), refused('PRESET_UNKNOWN'));
    assert.throws(() => presetOf('sonar', 'range-log'), refused('PRESET_UNKNOWN'));
  });
});
