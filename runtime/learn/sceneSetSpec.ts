import Type, { type Static } from '#typebox';
import { eventOf } from '../../devices/simulated/events/catalogue';
import { SENSORS, type Sensor } from '../../devices/simulated/sensor';
import { SensebindError } from '../errors';

/** More than any training here needs; each set has so many seeds of its own. */
const MOST_SCENES = 2 ** 26;
const MOST_SEEDS = 2 ** 20;

const Count = Type.Integer({ minimum: 1, maximum: MOST_SCENES });
const Seed = Type.Integer({ minimum: 0, maximum: MOST_SEEDS - 1 });

/** A: pictures and words. Image and text are trained on it, nothing else is ever shown to a sensor's encoder. */
const CaptionedSpec = Type.Object(
  { set: Type.Literal('captioned'), count: Count, seed: Seed },
  { additionalProperties: false },
);

/** B: pictures and sensors, without a word. Sensors are bound to the frozen image tower on it. */
const BoundSpec = Type.Object(
  {
    set: Type.Literal('bound'),
    count: Count,
    seed: Seed,
    without: Type.Optional(Type.String({ maxLength: 64, description: 'Id of an event left out, for a control.' })),
  },
  { additionalProperties: false },
);

/**
 * C: all sensors and the truth, to judge on. `new`: pairs of event and room that A and B have too. `held`: those that
 * they never show. `two`: two events at once, for arithmetic.
 */
const TestSpec = Type.Object(
  {
    set: Type.Literal('test'),
    pairs: Type.Union([Type.Literal('new'), Type.Literal('held'), Type.Literal('two')]),
    count: Count,
    seed: Seed,
  },
  { additionalProperties: false },
);

/**
 * Sensors with words and the truth, which the emergent model never sees: for what it is compared with (text-paired and
 * supervised training, baselines on labelled raw signals). Composed as the bound set, so that nothing else differs.
 */
const ControlSpec = Type.Object(
  { set: Type.Literal('control'), count: Count, seed: Seed },
  { additionalProperties: false },
);

/** Which scenes: with the same spec the same ones, for ever. Seeds of different sets are disjoint whatever `seed` is. */
export const SceneSetSpec = Type.Union([CaptionedSpec, BoundSpec, TestSpec, ControlSpec]);
export type SceneSetSpec = Static<typeof SceneSetSpec>;

/** Those that have words. */
export type WordedSpec = Static<typeof CaptionedSpec> | Static<typeof ControlSpec>;
/** Those whose truth may be looked at. */
export type LabelledSpec = Static<typeof TestSpec> | Static<typeof ControlSpec>;

/** Captions are made for these sets only: for the bound one there is no way to ask for them. */
export function hasWords(spec: SceneSetSpec): spec is WordedSpec {
  return spec.set === 'captioned' || spec.set === 'control';
}

export function hasLabels(spec: SceneSetSpec): spec is LabelledSpec {
  return spec.set === 'test' || spec.set === 'control';
}

/** The sensors that a set may have. */
export function sensorsAllowed({ set }: SceneSetSpec): readonly Sensor[] {
  return set === 'captioned' ? ['vision'] : SENSORS;
}

/** Number of the set's range of seeds. From 1: the small seeds stay with the worlds that people look at. */
function rangeOf(spec: SceneSetSpec): number {
  switch (spec.set) {
    case 'captioned':
      return 1;
    case 'bound':
      return 2;
    case 'control':
      return 3;
    case 'test':
      return { new: 4, held: 5, two: 6 }[spec.pairs];
  }
}

/** Seed of the first scene; the others follow one by one. */
export function firstSceneSeed(spec: SceneSetSpec): number {
  return (rangeOf(spec) * MOST_SEEDS + spec.seed) * MOST_SCENES;
}

/** Name of its folder. */
export function nameOf(spec: SceneSetSpec): string {
  const { set, count, seed } = spec;
  const kind = spec.set === 'test' ? `-${spec.pairs}` : '';
  const left = spec.set === 'bound' && spec.without !== undefined ? `-without-${spec.without}` : '';
  return `${set}${kind}${left}-seed-${seed}-count-${count}`;
}

/**
 * Checks what a caller asks for.
 *
 * @throws {SensebindError} `INPUT_INVALID` for a count or seed out of range, an event that does not exist, no sensor, or
 * one that the set may not have.
 */
export function checkSpec(spec: SceneSetSpec, sensors: readonly Sensor[]): void {
  const { set, count, seed } = spec;
  if (!isWhole(count, 1, MOST_SCENES) || !isWhole(seed, 0, MOST_SEEDS - 1)) {
    throw new SensebindError(
      'INPUT_INVALID',
      `Expected 1 to ${MOST_SCENES} scenes and a seed from 0 to ${MOST_SEEDS - 1}, found ${count} and ${seed}`,
      'Choose whole numbers within these ranges.',
    );
  }
  if (spec.set === 'bound' && spec.without !== undefined && eventOf(spec.without) === undefined) {
    throw new SensebindError(
      'INPUT_INVALID',
      `Expected the id of an event to leave out, found "${spec.without}"`,
      'docs/world/README.md lists the events.',
    );
  }
  const allowed = sensorsAllowed(spec);
  const refused = sensors.filter((sensor) => !allowed.includes(sensor));
  if (sensors.length > 0 && refused.length === 0) return;
  throw new SensebindError(
    'INPUT_INVALID',
    `Expected some of ${allowed.join(', ')} for the ${set} set, found ${refused.join(', ') || 'none'}`,
    set === 'captioned'
      ? 'Scenes with words have pictures only, so that no word reaches a sensor: bind sensors on the bound set.'
      : 'Name at least one sensor.',
  );
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
