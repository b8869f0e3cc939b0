import type { InputSpec } from '../../models/bundle/manifest';
import { SensebindError } from '../errors';
import type { Modality } from '../reading';
import { audioPresets } from './audio';
import { depthPresets } from './depth';
import { imagePresets } from './image';
import { imuPresets } from './imu';
import type { EncoderInput } from './input';
import { unsupportedInput } from './inputChecks';
import type { Prepared, Preprocessor, Preset } from './preset';
import { profilePresets } from './profile';
import { tensorItems } from './tensor';
import { textPresets } from './text';
import { thermalPresets } from './thermal';

/** Every named preset of every modality; the first of a modality is its default. */
export const presets: readonly Preset[] = [
  ...imagePresets,
  ...audioPresets,
  ...depthPresets,
  ...thermalPresets,
  ...imuPresets,
  ...profilePresets,
  ...textPresets,
];

/** The preset of modalities that no reading of ours feeds: takes ready-made tensors only. */
export const RAW_PRESET = 'raw';

/**
 * The preset of that name; every modality has {@link RAW_PRESET}. A modality that only a bundle knows takes the preset
 * of another one's readings, as `depth/metric`.
 *
 * @throws {SensebindError} `PRESET_UNKNOWN`, with the known names.
 */
export function presetOf(modality: Modality, id: string): Preset {
  if (id === RAW_PRESET) return rawPreset(modality);
  const [of, name] = id.includes('/') ? id.split('/', 2) : [modality, id];
  const ofModality = presets.filter((preset) => preset.modality === of);
  const found = ofModality.find((preset) => preset.id === name);
  if (found) return found;
  const known = [...ofModality.map((preset) => preset.id), RAW_PRESET];
  throw new SensebindError(
    'PRESET_UNKNOWN',
    `Expected a known preset of modality "${modality}", found "${id}"`,
    `Name one of: ${known.join(', ')}.`,
  );
}

function rawPreset(modality: Modality): Preset {
  return {
    id: RAW_PRESET,
    modality,
    title: 'Ready-made tensors of the shape in the manifest',
    source: 'the maker of the bundle',
    confidence: 'exact',
    create: (spec) => new RawPreprocessor(spec),
  };
}

class RawPreprocessor implements Preprocessor {
  readonly #spec: InputSpec;

  constructor(spec: InputSpec) {
    this.#spec = spec;
  }

  prepare(input: EncoderInput): Prepared {
    if (input.kind !== 'tensor') throw unsupportedInput(input, RAW_PRESET, ['tensor']);
    return tensorItems(input, this.#spec);
  }
}
