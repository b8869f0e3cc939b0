import { events, imperceptibleTo, perceivableTo } from '../../../devices/simulated/events/catalogue';
import type { Sensor } from '../../../devices/simulated/sensor';

/** Ids of the events by what can be known of them. */
export interface Scopes {
  /** Those that the sensor can perceive: what its figures are about. */
  readonly perceivable: ReadonlySet<string>;
  /** Those that it cannot perceive: among themselves they must look alike to it. */
  readonly blind: ReadonlySet<string>;
  /** Those that it perceives and the camera does not: no picture could teach which of them is called what. */
  readonly unshown: ReadonlySet<string>;
  /** Those that both it and the camera perceive: what pictures and their captions can be found by. */
  readonly shared: ReadonlySet<string>;
}

/** The scopes of one sensor. */
export function scopesOf(sensor: Sensor): Scopes {
  const visible = new Set(perceivableTo('vision').map(({ id }) => id));
  const perceivable = events.filter(({ sensors }) => sensors.includes(sensor)).map(({ id }) => id);
  return {
    perceivable: new Set(perceivable),
    blind: new Set(imperceptibleTo(sensor).map(({ id }) => id)),
    unshown: new Set(perceivable.filter((id) => !visible.has(id))),
    shared: new Set(perceivable.filter((id) => visible.has(id))),
  };
}
