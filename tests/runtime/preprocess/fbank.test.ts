import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fbank } from '../../../runtime/preprocess/fbank';

/** ln of the float32 epsilon: Kaldi's floor. */
const FLOOR = Math.fround(Math.log(2 ** -23));

const fbank = new Fbank({ sampleRateHz: 16_000, melBins: 128 });

function tone(hertz: number): Float32Array {
  return Float32Array.from({ length: 400 }, (_, index) => 0.5 * Math.sin((2 * Math.PI * hertz * index) / 16_000));
}

describe('Kaldi filterbank', () => {
  it('has 25 ms frames every 10 ms: 198 in a clip of 2 s, none below 400 samples', () => {
    assert.deepEqual([fbank.frameLength, fbank.frameShift], [400, 160]);
    assert.deepEqual(
      [399, 400, 559, 560, 32_000].map((samples) => fbank.frames(samples)),
      [0, 1, 1, 2, 198],
    );
  });

  it('takes silence, and any constant, for the floor', () => {
    for (const level of [0, 0.25, -0.75]) {
      assert.deepEqual([...fbank.frame(new Float32Array(400).fill(level), 0)], new Array(128).fill(FLOOR));
    }
  });

  it('hears a click with every filter but number 3, which holds no FFT bin (reference/imagebind.md §3.3)', () => {
    const click = new Float32Array(400);
    click[200] = 1;
    const deaf = [...fbank.frame(click, 0).entries()].filter(([, energy]) => energy === FLOOR);
    assert.deepEqual(deaf, [[3, FLOOR]]);
  });

  it('hears a tone in the filter whose centre is nearest on the mel scale', () => {
    const mel = (hertz: number): number => 1127 * Math.log(1 + hertz / 700);
    const delta = (mel(8000) - mel(20)) / 129;
    for (const hertz of [500, 1000, 2500, 7000]) {
      const energies = [...fbank.frame(tone(hertz), 0)];
      const loudest = energies.indexOf(Math.max(...energies));
      assert.ok(Math.abs(mel(20) + (loudest + 1) * delta - mel(hertz)) < delta, `filter ${loudest} for ${hertz} Hz`);
    }
  });

  it('reads a frame from where it begins', () => {
    const signal = Float32Array.from({ length: 1000 }, (_, index) => Math.sin(index ** 1.5) / 2);
    const expected = fbank.frame(signal.slice(321, 721), 0).slice();
    assert.deepEqual(fbank.frame(signal, 321), expected);
  });
});
