import { drawPlace } from './drawScene';
import type { Scenario } from './scenario';
import { type Happening, type Scene, withHappenings } from './scene';
import type { Timeline } from './timeline';
import type { Truth } from './truth';

/** A scenario come to life: one place, in which things happen as time goes on. */
export class World {
  readonly timeline: Timeline;
  /** The place, with nothing happening in it. */
  readonly place: Scene;

  constructor({ seed, room, mounting, timeline }: Scenario) {
    const place = drawPlace(seed, room);
    this.timeline = timeline;
    this.place =
      mounting === undefined
        ? place
        : { ...place, mounting: { ...place.mounting, kind: mounting, moving: mounting === 'robot' } };
  }

  /** The scene with all that is under way at some time between the two. */
  sceneBetween(fromSeconds: number, toSeconds: number): Scene {
    return withHappenings(this.place, this.timeline.between(fromSeconds, toSeconds));
  }

  /** What started or ended between the two, in the order of time; the first instant is included, the last is not. */
  changesBetween(fromSeconds: number, toSeconds: number): readonly Omit<Truth, 'monotonicMicros'>[] {
    const isIn = (seconds: number): boolean => fromSeconds <= seconds && seconds < toSeconds;
    return this.timeline
      .between(fromSeconds - 1e-6, toSeconds)
      .flatMap((happening) => [
        ...(isIn(happening.startSeconds) ? [change('started', happening)] : []),
        ...(isIn(happening.endSeconds) ? [change('ended', happening)] : []),
      ])
      .toSorted((a, b) => a.atSeconds - b.atSeconds);
  }
}

function change(kind: Truth['kind'], happening: Happening): Omit<Truth, 'monotonicMicros'> {
  const { event, startSeconds, endSeconds, strength, place } = happening;
  return {
    kind,
    event: event.id,
    label: event.phrases[0],
    atSeconds: kind === 'started' ? startSeconds : endSeconds,
    strength,
    place,
    sensors: event.sensors,
  };
}
