import { standingPerson } from '../bodies';
import { sine } from '../maths';
import { Random } from '../random';
import type { Stage } from '../stage';
import type { EventDeclaration } from './event';
import { feltSteps, heardSteps } from './steps';

const gait = (stage: Stage) => {
  const pause = new Random(stage.seed('gait')).between(0.47, 0.62);
  return { seed: stage.seed('steps'), pause: [pause * 0.97, pause * 1.03] as const };
};

export const personWalking: EventDeclaration = {
  id: 'person_walking',
  sensors: ['vision', 'depth', 'thermal', 'audio', 'imu', 'radar'],
  phrases: ['a person walking', 'someone walking', 'a worker on foot', 'a visitor passing by'],
  onset: 'lasting',
  reachMetres: 3.6,
  draw: (stage) => {
    const phase = stage.elapsedSeconds / (2 * gait(stage).pause[0]);
    const x = stage.x + 0.25 * sine(0.1 * stage.elapsedSeconds);
    standingPerson(stage, { x, z: stage.z, stride: 0.45 + 0.55 * Math.abs(sine(phase)) });
  },
  sound: (stage) => [heardSteps({ ...gait(stage), level: 0.55 })],
  motion: (stage) => [feltSteps(stage, { ...gait(stage), level: 0.5 * (0.6 + stage.strength) })],
  echoes: ({ z, strength, elapsedSeconds, happening: { seed } }) => {
    const leg = 0.3 * sine(elapsedSeconds + (seed % 100) / 100);
    return [
      { metres: z, strength: 1 + 0.5 * strength, spreadMetres: 0.1 },
      { metres: z - leg, strength: 0.5, spreadMetres: 0.05 },
      { metres: z + leg, strength: 0.5, spreadMetres: 0.05 },
    ];
  },
};
