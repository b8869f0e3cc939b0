import type { InputSpec, ProfileSpec } from '../../models/bundle/manifest';
import { SensebindError } from '../errors';
import type { EncoderInput, ProfileInput } from './input';
import { unsupportedInput } from './inputChecks';
import type { Prepared, Preprocessor, Preset } from './preset';
import { checkFinite } from './signalChecks';
import { inputShape } from './tensor';

export const RANGE_LOG = 'range-log';

/** Sensors state the width of their bins with a few digits. */
const BIN_TOLERANCE = 0.01;

/**
 * The logarithm of echo strengths, since the gain of a radar or sonar differs from one to the next and a logarithm makes
 * of it a shift; brought to about mean 0 and deviation 1 by constants of the manifest, the same for every profile.
 */
export const profilePresets: readonly Preset[] = [
  {
    id: RANGE_LOG,
    modality: 'radar',
    title: 'Logarithm of linear strength over distance, scaled by constants of the manifest',
    source: 'our own; what "sensebind bind" gives to encoders of range profiles',
    confidence: 'exact',
    create: (spec) => new ProfilePreprocessor(profileSpec(spec)),
  },
];

class ProfilePreprocessor implements Preprocessor {
  readonly #spec: ProfileSpec;
  readonly #tensor: Float32Array;
  readonly #items: Prepared['items'];

  constructor(spec: ProfileSpec) {
    this.#spec = spec;
    this.#tensor = new Float32Array(spec.bins);
    this.#items = [{ data: this.#tensor, shape: [1, ...inputShape(spec)] }];
  }

  prepare(input: EncoderInput): Prepared {
    if (input.kind !== 'profile') throw unsupportedInput(input, RANGE_LOG, ['profile']);
    checkProfile(input, this.#spec);
    const { floor, mean, deviation } = this.#spec;
    for (let bin = 0; bin < this.#tensor.length; bin++) {
      this.#tensor[bin] = (Math.log((input.strengths[bin] ?? 0) + floor) - mean) / deviation;
    }
    return { items: this.#items, flags: [] };
  }
}

function checkProfile({ strengths, binMetres }: ProfileInput, spec: ProfileSpec): void {
  const isAsWide = Math.abs(binMetres / spec.binMetres - 1) <= BIN_TOLERANCE;
  if (strengths.length !== spec.bins || !isAsWide) {
    throw new SensebindError(
      'INPUT_INVALID',
      `Expected a profile of ${spec.bins} bins, ${spec.binMetres} m each, found ${strengths.length} bins of ${binMetres} m`,
      'Set the sensor as it was when its encoder was bound, or bind it anew with sensebind bind.',
    );
  }
  checkFinite(strengths, 'the profile');
  checkLinear(strengths);
}

/** @throws {SensebindError} `INPUT_INVALID` for a negative strength: decibels would pass as weak echoes. */
export function checkLinear(strengths: Float32Array): void {
  const negative = strengths.findIndex((strength) => strength < 0);
  if (negative < 0) return;
  throw new SensebindError(
    'INPUT_INVALID',
    `Expected linear strengths of 0 or more in the profile, found ${strengths[negative]} at ${negative}`,
    'Hand over amplitudes, not decibels.',
  );
}

function profileSpec(spec: InputSpec): ProfileSpec {
  if (spec.kind === 'profile') return spec;
  throw new SensebindError(
    'PRESET_UNKNOWN',
    `Expected an encoder that takes a profile for preset "${RANGE_LOG}", found one that takes ${spec.kind}`,
    'Correct the preset of this encoder in manifest.json.',
  );
}
