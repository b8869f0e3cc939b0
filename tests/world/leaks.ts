import { drawScene } from '../../devices/simulated/drawScene';
import { events, imperceptibleTo, perceivableTo } from '../../devices/simulated/events/catalogue';
import type { EventDeclaration } from '../../devices/simulated/events/event';
import { seedOf } from '../../devices/simulated/random';
import type { Sensor } from '../../devices/simulated/sensor';
import type { Labelled } from '../../runtime/learn/baselines/classifier';
import { meanAndDeviation } from '../../runtime/learn/baselines/signal';
import { learn } from './classifiers';
import { channelsOf, formOf } from './features';

/** How many scenes of each event. */
export interface Amount {
  readonly train: number;
  readonly test: number;
}

/** What classifiers find out about the events of one sensor, as shares of the test scenes. */
export interface LeakFigures {
  readonly sensor: Sensor;
  /** A linear one on mean and deviation, over all events. */
  readonly trivial: number;
  /** A stronger one among the events that the sensor perceives: shows that there is something to find. */
  readonly perceivable: { readonly events: number; readonly share: number };
  /** The same one among the events that it does not perceive: chance, or something leaks. */
  readonly imperceptible: { readonly events: number; readonly share: number; readonly scenes: number };
}

const EPOCHS = 25;
const HIDDEN = 64;

export function leaksOf(
  sensor: Sensor,
  amounts: { readonly all: Amount; readonly imperceptible: Amount },
): LeakFigures {
  const { all } = amounts;
  const trivial = examples(events, all, (scene) => meanAndDeviation(channelsOf(sensor, scene)));
  const form = (scene: Parameters<typeof channelsOf>[1]): number[] => formOf(sensor, channelsOf(sensor, scene));
  const seen = perceivableTo(sensor);
  const unseen = imperceptibleTo(sensor);
  const perceivable = examples(seen, all, form);
  const imperceptible = examples(unseen, amounts.imperceptible, form);
  return {
    sensor,
    trivial: learn(trivial.train, { classes: events.length, epochs: 4 * EPOCHS })(trivial.test),
    perceivable: {
      events: seen.length,
      share: learn(perceivable.train, { classes: seen.length, hidden: HIDDEN, epochs: EPOCHS })(perceivable.test),
    },
    imperceptible: {
      events: unseen.length,
      share: learn(imperceptible.train, { classes: unseen.length, hidden: HIDDEN, epochs: EPOCHS })(imperceptible.test),
      scenes: imperceptible.test.labels.length,
    },
  };
}

/** The trivial figure alone. */
export function trivialShare(sensor: Sensor, amount: Amount): number {
  const { train, test } = examples(events, amount, (scene) => meanAndDeviation(channelsOf(sensor, scene)));
  return learn(train, { classes: events.length, epochs: 4 * EPOCHS })(test);
}

function examples(
  list: readonly EventDeclaration[],
  amount: Amount,
  featuresOf: (scene: Parameters<typeof channelsOf>[1]) => number[],
): { readonly train: Labelled; readonly test: Labelled } {
  const make = (use: string, count: number): Labelled => {
    const features: number[][] = [];
    const labels: number[] = [];
    list.forEach((event, label) => {
      for (let index = 0; index < count; index++) {
        features.push(featuresOf(drawScene(seedOf(use, event.id, index), { events: [event] })));
        labels.push(label);
      }
    });
    return { features, labels };
  };
  return { train: make('train', amount.train), test: make('test', amount.test) };
}
