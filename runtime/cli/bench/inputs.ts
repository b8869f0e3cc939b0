import type { EncoderManifest, InputSpec } from '../../../models/bundle/manifest';
import { imuPresets } from '../../preprocess/imu';
import type { EncoderInput } from '../../preprocess/input';
import { presetOf, RAW_PRESET } from '../../preprocess/presets';
import { inputShape } from '../../preprocess/tensor';
import type { Modality } from '../../reading';

/** Makes one input after another, none like the one before it, so that nothing can be remembered. */
export type Inputs = (turn: number) => EncoderInput;

/** What a camera, a depth camera and a thermal camera of today give. */
const PICTURE = { width: 1280, height: 720 } as const;
const DEPTH = { width: 640, height: 480 } as const;
const THERMAL = { width: 256, height: 192 } as const;

const MOTION_RATE_HZ = 200;

/** The window of a running stream moves on by this much each time. */
const HOP_SECONDS = 1;

/** Words that the shipped bundle knows too. */
const SENTENCES: readonly string[] = [
  'a dog barking in the kitchen',
  'someone talking in the office',
  'glass breaking on the floor',
  'water dripping in the bathroom',
];

/** Inputs of an encoder, of the size that a usual sensor of its modality gives; ready-made tensors where it has none. */
export function inputsOf(modality: Modality, { input, preset }: Pick<EncoderManifest, 'input' | 'preset'>): Inputs {
  if (preset === RAW_PRESET) return tensors(input);
  const sensor = presetOf(modality, preset).modality;
  switch (input.kind) {
    case 'picture':
      return pictures(sensor) ?? tensors(input);
    case 'sound':
      return soundStream(input);
    case 'series':
      return sensor === 'imu' ? motion(input, preset) : tensors(input);
    case 'profile':
      return (turn) => ({
        kind: 'profile',
        strengths: noise(input.bins, turn).map(Math.abs),
        binMetres: input.binMetres,
      });
    case 'tokens':
      return (turn) => ({ kind: 'text', text: SENTENCES[turn % SENTENCES.length] ?? '' });
  }
}

/** Values of ordinary size, or token ids, without preprocessing. */
export function tensors(spec: InputSpec): Inputs {
  const shape = [1, ...inputShape(spec)];
  const count = shape.reduce((product, size) => product * size, 1);
  if (spec.kind !== 'tokens') return (turn) => ({ kind: 'tensor', data: noise(count, turn), shape });
  const idsOf = (turn: number): Int32Array =>
    Int32Array.from({ length: count }, (_, index) => (index * 7919 + turn) % spec.vocabulary);
  return (turn) => ({ kind: 'tensor', data: idsOf(turn), shape });
}

/** Of a camera's modality. Two pictures in turn: making a new one would take longer than to preprocess it. */
function pictures(sensor: Modality): Inputs | undefined {
  const inTurn = (make: (seed: number) => EncoderInput): Inputs => {
    const [even, odd] = [make(1), make(2)];
    return (turn) => (turn % 2 === 0 ? even : odd);
  };
  const pixels = ({ width, height }: { readonly width: number; readonly height: number }): number => width * height;
  switch (sensor) {
    case 'vision':
      return inTurn((seed) => {
        const rgb = Uint8Array.from(noise(3 * pixels(PICTURE), seed), (value) => 127.5 + 127.5 * value);
        return { kind: 'picture', frames: [{ rgb, ...PICTURE }] };
      });
    case 'depth':
      // One pixel in twenty is missing, as real cameras have it.
      return inTurn((seed) => {
        const metres = noise(pixels(DEPTH), seed).map((value) => (value < -0.9 ? 0 : 3 + 2 * value));
        return { kind: 'depth', metres, ...DEPTH };
      });
    case 'thermal':
      return inTurn((seed) => {
        const kelvin = noise(pixels(THERMAL), seed).map((value) => 300 + 10 * value);
        return { kind: 'thermal', kelvin, ...THERMAL };
      });
    default:
      return undefined;
  }
}

function soundStream({ sampleRateHz, clipSeconds }: Extract<InputSpec, { readonly kind: 'sound' }>): Inputs {
  const samples = noise(Math.round(clipSeconds * sampleRateHz), 1).map((value) => value / 2);
  return (turn) => ({ kind: 'soundStream', stream: 'bench', firstSample: turn * HOP_SECONDS * sampleRateHz, samples });
}

function motion(spec: Extract<InputSpec, { readonly kind: 'series' }>, preset: string): Inputs {
  const rateHz = imuPresets.find(({ id }) => id === preset)?.rateHz ?? spec.rateHz;
  const samples = Math.round((spec.samples / rateHz) * MOTION_RATE_HZ);
  return (turn) => {
    const axes = Array.from({ length: spec.channels }, (_, axis) => noise(samples, spec.channels * turn + axis));
    return { kind: 'motion', axes, timing: { rateHz: MOTION_RATE_HZ } };
  };
}

/** Values in [-1, 1), the same for the same seed: a linear congruential generator (Numerical Recipes, 3rd ed., §7.1). */
function noise(count: number, seed: number): Float32Array {
  let state = Math.imul(seed + 1, 2_654_435_761) | 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state / 2 ** 31;
  });
}
