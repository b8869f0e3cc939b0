import { EXAMPLE_PICTURE, EXAMPLE_THERMAL, exampleOf } from '../../devices/simulated/example';
import { MOTION_RATE_HZ } from '../../devices/simulated/motion/motionPart';
import { RADAR_BINS } from '../../devices/simulated/radar';
import type { Scene } from '../../devices/simulated/scene';
import type { Sensor } from '../../devices/simulated/sensor';
import { SOUND_RATE_HZ } from '../../devices/simulated/sound/voice';
import type { InputSpec } from '../../models/bundle/manifest';
import { planInput } from '../../models/imagebind/inputPlan';
import { IMAGEBIND_MINI } from '../../models/imagebind/layout';
import { VARIANTS, variantInvalid } from '../../models/imagebind/variant';
import { SensebindError } from '../errors';
import type { EncoderInput } from '../preprocess/input';
import { presetOf, RAW_PRESET } from '../preprocess/presets';
import { inputShape } from '../preprocess/tensor';
import { radarItem } from './radarItem';

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
      return { kind: 'tensor', data: radarItem(exampleOf.radar(scene)), shape: [1, 1, RADAR_BINS] };
  }
}

/** No encoder of ImageBind takes range profiles; a bundle that binds one has this input. One profile, so no rate of its own. */
const RADAR: Pick<ItemFormat, 'input' | 'preset'> = {
  input: { kind: 'series', channels: 1, rateHz: RADAR_BINS, windowSeconds: 1, samples: RADAR_BINS },
  preset: RAW_PRESET,
};

function miniInput(modality: Exclude<Sensor, 'radar'>): Pick<ItemFormat, 'input' | 'preset'> {
  const variant = VARIANTS.find(({ name }) => name === VARIANT);
  if (variant === undefined) throw variantInvalid(`no variant is called "${VARIANT}"`);
  return planInput({ modality, tower: IMAGEBIND_MINI.towers[modality], variant });
}
