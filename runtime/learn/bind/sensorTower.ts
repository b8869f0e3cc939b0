import type { InputSpec, ProfileSpec } from '../../../models/bundle/manifest';
import { randomStateDict } from '../../../models/checkpoint/randomStateDict';
import type { StateDict } from '../../../models/checkpoint/stateDict';
import { type Tower, towerLayout } from '../../../models/imagebind/layout';
import type { ImagebindModality } from '../../../models/imagebind/modality';
import { type EncoderPlan, planEncoder } from '../../../models/imagebind/plan';
import { VARIANTS, type Variant } from '../../../models/imagebind/variant';
import { SensebindError } from '../../errors';
import { RANGE_LOG } from '../../preprocess/profile';
import type { Augmentation } from '../train/itemAugmenter';

/** What readings of a sensor look like: all that decides the input of its encoder. */
export type SensorFacts =
  | { readonly modality: 'vision' | 'depth' | 'thermal' }
  | { readonly modality: 'audio' }
  | { readonly modality: 'imu'; readonly rateHz: number; readonly axes: number; readonly windowSeconds: number }
  | { readonly modality: 'radar'; readonly profile: ProfileSpec };

export interface TowerSize {
  readonly width: number;
  readonly blocks: number;
}

/** A tower that is to be trained, and how it becomes an encoder of a bundle. */
export interface SensorTower {
  readonly augmentation: Augmentation;
  /** Before anything is known of its weights. */
  readonly plan: EncoderPlan;
  /** The same with weights: its tensors are named as those of the modality that it is built like. */
  planOf(weights: StateDict): Promise<EncoderPlan>;
}

/** Width of one attention head, as in the small model. */
const HEAD_WIDTH = 32;
const MINI = 'imagebind_mini';

/** The tower of one modality that this one is built like, with what the variant has to say of its input. */
interface Blueprint {
  readonly like: ImagebindModality;
  readonly tower: Pick<Tower, 'tokens' | 'stem'>;
  readonly encoders: Variant['encoders'];
  /** Where the input is not what the plan of such a tower says. */
  readonly input?: InputSpec;
  readonly augmentation: Augmentation;
}

/**
 * The tower for a sensor: a linear stem as the motion tower has for series and profiles, a convolution as the depth tower
 * has for pictures, and as the sound tower has for log-mel pictures.
 *
 * @param name - What the encoder will be called: under another name than that of its readings its preset is qualified.
 * @param dimensions - Of the joint space.
 * @throws {SensebindError} `INPUT_INVALID` for a width that heads do not divide, `INPUT_UNSUPPORTED` for samples that no
 * step divides.
 */
export async function sensorTower(
  facts: SensorFacts,
  { name, size, dimensions }: { readonly name: string; readonly size: TowerSize; readonly dimensions: number },
): Promise<SensorTower> {
  const heads = headsOf(size.width);
  const { like, tower, encoders, input, augmentation } = blueprintOf(facts, { heads, name });
  const variant: Variant = { format: 'sensebind-variant/1', name: 'bound', encoders };
  const planOf = async (weights: StateDict): Promise<EncoderPlan> => {
    const plan = await planEncoder(weights, variant, like);
    return input === undefined ? plan : { ...plan, input };
  };
  const layout = towerLayout(like, { ...size, ...tower, hidden: 4 * size.width, output: dimensions });
  return { augmentation, plan: await planOf(randomStateDict(layout, { seed: 0 })), planOf };
}

interface Naming {
  readonly heads: number;
  readonly name: string;
}

function blueprintOf(facts: SensorFacts, { heads, name }: Naming): Blueprint {
  const presetNamed = (id: string): string => (name === facts.modality ? id : `${facts.modality}/${id}`);
  switch (facts.modality) {
    case 'radar': {
      const { profile } = facts;
      const kernel = stepOf(profile.bins);
      const series = { heads, kernel, rateHz: profile.bins, windowSeconds: 1, preset: presetNamed(RANGE_LOG) };
      const tower = { tokens: profile.bins / kernel + 1, stem: [kernel] };
      return { like: 'imu', tower, encoders: { imu: series }, input: profile, augmentation: 'none' };
    }
    case 'imu': {
      const { rateHz, windowSeconds, axes } = facts;
      const samples = rateHz * windowSeconds;
      const kernel = stepOf(samples);
      const series = { heads, kernel, rateHz, windowSeconds, preset: presetNamed('ego4d') };
      const tower = { tokens: samples / kernel + 1, stem: [axes * kernel] };
      return { like: 'imu', tower, encoders: { imu: series }, augmentation: 'none' };
    }
    case 'audio': {
      const audio = { ...miniEncoder('audio'), heads, preset: presetNamed('kaldi-fbank') };
      return { like: 'audio', tower: { tokens: 49, stem: [1, 16, 16] }, encoders: { audio }, augmentation: 'mask' };
    }
    case 'thermal': {
      const depth = { ...miniEncoder('thermal'), heads, preset: presetNamed('kelvin') };
      return { like: 'depth', tower: { tokens: 50, stem: [1, 8, 8] }, encoders: { depth }, augmentation: 'shift' };
    }
    case 'depth': {
      const depth = { ...miniEncoder('depth'), heads, preset: presetNamed('metric') };
      return { like: 'depth', tower: { tokens: 65, stem: [1, 8, 8] }, encoders: { depth }, augmentation: 'shift' };
    }
    case 'vision': {
      const depth = { ...miniEncoder('depth'), heads, preset: presetNamed('clip') };
      return { like: 'depth', tower: { tokens: 65, stem: [3, 8, 8] }, encoders: { depth }, augmentation: 'shift' };
    }
  }
}

/** Inputs of the small model's encoders: what is known to train in minutes. */
function miniEncoder<Modality extends keyof Variant['encoders']>(
  modality: Modality,
): NonNullable<Variant['encoders'][Modality]> {
  const encoder = VARIANTS.find(({ name }) => name === MINI)?.encoders[modality];
  if (encoder !== undefined) return encoder;
  throw new SensebindError('INTERNAL', `Expected ${modality} in ${MINI}, found none`, 'Please report this.');
}

function headsOf(width: number): number {
  if (Number.isInteger(width / HEAD_WIDTH) && width >= HEAD_WIDTH) return width / HEAD_WIDTH;
  throw new SensebindError(
    'INPUT_INVALID',
    `Expected a width that is a multiple of ${HEAD_WIDTH}, found ${width}`,
    `Choose ${HEAD_WIDTH}, 64, 128 or 256.`,
  );
}

/** Tokens of one item: few enough to train in minutes. */
const TOKENS = { least: 8, best: 40, most: 128 } as const;

/** Samples a token: the step that leaves about {@link TOKENS} of them. */
function stepOf(samples: number): number {
  const distance = (step: number): number => Math.abs(Math.log(samples / step / TOKENS.best));
  const steps = Array.from({ length: Math.floor(samples / TOKENS.least) }, (_, index) => index + 1).filter(
    (step) => samples % step === 0 && samples / step <= TOKENS.most,
  );
  const [best] = steps.toSorted((left, right) => distance(left) - distance(right));
  if (best !== undefined) return best;
  throw new SensebindError(
    'INPUT_UNSUPPORTED',
    `Expected samples that divide into ${TOKENS.least} to ${TOKENS.most} steps of one length, found ${samples}`,
    'Set the sensor to a number of values such as 64, 128 or 256, or choose another --window.',
  );
}

/** Rates that motion is resampled to: the highest that the sensor reaches, as near as clocks are. */
const MOTION_RATES_HZ = [400, 200, 100, 50, 25, 10] as const;
const NEARLY = 0.9;

/** @throws {SensebindError} `INPUT_UNSUPPORTED` for a sensor that is slower than any of them. */
export function motionRate(observedHz: number): number {
  const rate = MOTION_RATES_HZ.find((candidate) => observedHz >= NEARLY * candidate);
  if (rate !== undefined) return rate;
  throw new SensebindError(
    'INPUT_UNSUPPORTED',
    `Expected motion at ${MOTION_RATES_HZ.at(-1)} Hz or more, found ${observedHz.toFixed(1)} Hz`,
    'Set the sensor to a higher rate.',
  );
}
