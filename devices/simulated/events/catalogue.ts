import type { Sensor } from '../sensor';
import { alarm } from './alarm';
import { bearingFault } from './bearingFault';
import { collision } from './collision';
import { conveyorRunning } from './conveyorRunning';
import { crowd } from './crowd';
import { dogBarking } from './dogBarking';
import { doorSlam } from './doorSlam';
import { drone } from './drone';
import { electricalArc } from './electricalArc';
import type { EventDeclaration } from './event';
import { fallingObject } from './fallingObject';
import { fire } from './fire';
import { forklift } from './forklift';
import { freezerOpen } from './freezerOpen';
import { gasLeak } from './gasLeak';
import { glassBreak } from './glassBreak';
import { hotStove } from './hotStove';
import { knocking } from './knocking';
import { personFallen } from './personFallen';
import { personWalking } from './personWalking';
import { robotVacuum } from './robotVacuum';
import { smoke } from './smoke';
import { steamLeak } from './steamLeak';
import { waterLeak } from './waterLeak';
import { wheelSlip } from './wheelSlip';

/** Every kind of event there is. Their order is the order of the labels: new ones go to the end. */
export const events: readonly [EventDeclaration, ...EventDeclaration[]] = [
  personWalking,
  personFallen,
  crowd,
  dogBarking,
  fire,
  smoke,
  steamLeak,
  hotStove,
  freezerOpen,
  waterLeak,
  glassBreak,
  doorSlam,
  alarm,
  conveyorRunning,
  bearingFault,
  collision,
  wheelSlip,
  fallingObject,
  forklift,
  drone,
  electricalArc,
  robotVacuum,
  gasLeak,
  knocking,
];

/** The event of that id; `undefined` where there is none. */
export function eventOf(id: string): EventDeclaration | undefined {
  return events.find((event) => event.id === id);
}

/** The events that a sensor can perceive. */
export function perceivableTo(sensor: Sensor): readonly EventDeclaration[] {
  return events.filter(({ sensors }) => sensors.includes(sensor));
}

/** The events that a sensor cannot perceive: to it each of them is as if nothing happened. */
export function imperceptibleTo(sensor: Sensor): readonly EventDeclaration[] {
  return events.filter(({ sensors }) => !sensors.includes(sensor));
}
