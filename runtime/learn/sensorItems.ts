import { EXAMPLE_PICTURE, EXAMPLE_THERMAL, exampleOf } from '../../devices/simulated/example';
import { MOTION_RATE_HZ } from '../../devices/simulated/motion/motionPart';
import { RADAR_BIN_METRES, RADAR_BINS } from '../../devices/simulated/radar';
import type { Scene } from '../../devices/simulated/scene';
import type { Sensor } from '../../devices/simulated/sensor';
import { SOUND_RATE_HZ } from '../../devices/simulated/sound/voice';
import type { InputSpec } from '../../models/bundle/manifest';
import { planInput } from '../../models/imagebind/inputPlan';
import { IMAGEBIND_MINI } from '../../models/imagebind/layout';
import { VARIANTS, variantInvalid } from '../../models/imagebind/variant';
import { SensebindError } from '../errors';
import type { EncoderInput } from '../preprocess/input';
import { presetOf } from '../preprocess/presets';
import { RANGE_LOG } from '../preprocess/profile';
import { inputShape } from '../preprocess/tensor';

const VARIANT = 'imagebind_mini';

/** What the encoder of a sensor takes: input spec and preset of `imagebind_mini`, or our own for the radar. */
export interface ItemFormat {
  readonly input: InputSpec;
  readonly preset: string;
  /** Of one item, without the batch. */
  readonly shape: readonly number[];
}

/** A sensor's view of a scene as an item of its encoder. */
export interface ItemMaker {
  readonly format: ItemFormat;
  /** The values of the item; valid until the next call. */
  make(scene: Scene): Promise<Float32Array>;
}

/** @throws {SensebindError} `VARIANT_INVALID` when the small variant lacks the sensor's encoder. */
export function formatOf(sensor: Sensor): ItemFormat {
  const { input, preset } = sensor === 'radar' ? RADAR : miniInput(sensor);
  return { input, preset, shape: inputShape(input) };
}

/** Renders for one sensor only, then goes the way of the engine: the same preset, made from the same input spec. */
export function itemMaker(sensor: Sensor): ItemMaker {
  const format = formatOf(sensor);
  const preprocessor = presetOf(sensor, format.preset).create(format.input, {});
  return {
    format,
    make: async (scene) => {
      const { items } = await preprocessor.prepare(readingOf(sensor, scene));
      const [item] = items;
      if (items.length === 1 && item?.data instanceof Float32Array) return item.data;
      throw new SensebindError(
        'INTERNAL',
        `Expected one ${sensor} item of a scene, found ${items.length}`,
        'Please report this.',
      );
    },
  };
}

/** What a device would have handed over of the scene, as an encoder's input. */
export function readingOf(sensor: Sensor, scene: Scene): EncoderInput {
  switch (sensor) {
    case 'vision':
      return { kind: 'picture', frames: [{ rgb: exampleOf.vision(scene), ...EXAMPLE_PICTURE }] };
    case 'depth':
      return { kind: 'depth', metres: exampleOf.depth(scene), ...EXAMPLE_PICTURE };
    case 'thermal':
      return { kind: 'thermal', kelvin: exampleOf.thermal(scene), ...EXAMPLE_THERMAL };
    case 'audio':
      return { kind: 'sound', sampleRateHz: SOUND_RATE_HZ, channels: [exampleOf.audio(scene)] };
    case 'imu':
      return { kind: 'motion', axes: exampleOf.imu(scene), timing: { rateHz: MOTION_RATE_HZ } };
    case 'radar':
      return { kind: 'profile', strengths: exampleOf.radar(scene), binMetres: RADAR_BIN_METRES };
  }
}

/**
 * No encoder of ImageBind takes range profiles; a bundle that binds one has an input such as this. The floor is about the
 * noise of the simulated radar; mean and deviation are those of the logarithms over many scenes.
 */
const RADAR: Pick<ItemFormat, 'input' | 'preset'> = {
  input: {
    kind: 'profile',
    bins: RADAR_BINS,
    binMetres: RADAR_BIN_METRES,
    floor: 0.02,
    mean: -2.6,
    deviation: 0.9,
  },
  preset: RANGE_LOG,
};

function miniInput(modality: Exclude<Sensor, 'radar'>): Pick<ItemFormat, 'input' | 'preset'> {
  const variant = VARIANTS.find(({ name }) => name === VARIANT);
  if (variant === undefined) throw variantInvalid(`no variant is called "${VARIANT}"`);
  return planInput({ modality, tower: IMAGEBIND_MINI.towers[modality], variant });
}
