import { events } from '../../../devices/simulated/events/catalogue';
import type { Sensor } from '../../../devices/simulated/sensor';
import type { PlannedScene } from '../scenePlan';
import { scopesOf } from './scopes';
import { type Standing, standingOf } from './standing';
import { type JudgedEmbedding, type Prototype, type TopFigures, topFigures, zeroShot } from './zeroShot';

/** Scenes of one event each, and a row of numbers for each of them. */
export interface SensorRows {
  readonly sensor: Sensor;
  readonly scenes: readonly PlannedScene[];
  /** Unit embeddings, or scores of a classifier; in the order of the scenes. */
  readonly rows: readonly Float32Array[];
  /** Of the intervals. */
  readonly seed: number;
  /** Id of the only event whose scenes count, for one that was left out of training. Default: all that it perceives. */
  readonly event?: string | undefined;
}

/**
 * Zero-shot labels over all labels, on scenes of events that the sensor perceives: the figure that everything else is
 * compared with. Also for towers that are in no bundle.
 */
export function zeroShotFigures(
  asked: SensorRows & { readonly prototypes: readonly Prototype[] },
): Promise<TopFigures> {
  return zeroShot(countingRows(asked), asked.prototypes, asked.seed);
}

/** The same of a classifier that was trained with labels: its scores in the order of `events`. */
export function classifierFigures(asked: SensorRows): Promise<TopFigures> {
  const standings = countingRows(asked).map(({ vector, event }): Standing | undefined =>
    standingOf(vector, (label) => events[label]?.id === event),
  );
  return topFigures(
    standings.filter((standing) => standing !== undefined),
    asked.seed,
  );
}

/** Rows with the event of their scene. */
export function judgedRows(scenes: readonly PlannedScene[], rows: readonly Float32Array[]): readonly JudgedEmbedding[] {
  return rows.map((vector, index) => ({ vector, event: scenes[index]?.events[0] ?? '' }));
}

function countingRows({ sensor, scenes, rows, event: only }: SensorRows): readonly JudgedEmbedding[] {
  const { perceivable } = scopesOf(sensor);
  return judgedRows(scenes, rows).filter(({ event }) => (only === undefined ? perceivable.has(event) : event === only));
}
