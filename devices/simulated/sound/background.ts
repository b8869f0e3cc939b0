import { fromDecibels, sine } from '../maths';
import { Random, seedOf } from '../random';
import type { Mounting, Scene, Soundscape } from '../scene';
import { timesEvery } from '../schedule';
import { Band } from './band';
import { Hum } from './hum';
import { Strokes } from './strokes';
import type { Voice } from './voice';

/** The sounds that are there whatever happens. */
export function backgroundVoices(scene: Scene): readonly Voice[] {
  const random = new Random(seedOf(scene.seed, 'background'));
  const level = fromDecibels(scene.soundscape.levelDecibels);
  const sub = (): Random => new Random(seedOf(scene.seed, 'background', random.integer(2 ** 30)));
  return [
    ...soundscapeVoices(scene.soundscape.kind, { level, random, sub }),
    new Band(sub(), { hertz: 2500, widthHz: 6000, level: 0.002 }),
    ...(scene.soundscape.tapsPerSecond > 0 ? [taps(scene.soundscape.tapsPerSecond, sub())] : []),
    ...driveVoices(scene.mounting, sub()),
  ];
}

interface Making {
  readonly level: number;
  readonly random: Random;
  sub(): Random;
}

function soundscapeVoices(kind: Soundscape['kind'], { level, random, sub }: Making): readonly Voice[] {
  const slow = random.between(0.2, 0.9);
  const phase = random.next();
  const swelling = (seconds: number): number => level * (0.7 + 0.45 * sine(slow * seconds + phase));
  switch (kind) {
    case 'hiss':
      return [new Band(sub(), { hertz: random.between(1500, 5000), widthHz: 5000, level })];
    case 'ventilation':
      return [
        new Band(sub(), { hertz: random.between(150, 500), widthHz: random.between(200, 600), level }),
        new Hum(sub(), {
          hertz: random.between(90, 260),
          harmonics: [1, 0.4, 0.2],
          level: level * random.between(0, 0.6),
        }),
      ];
    case 'street':
      return [
        new Band(sub(), { hertz: random.between(60, 160), widthHz: 120, level: swelling }),
        new Band(sub(), {
          hertz: random.between(500, 1100),
          widthHz: 900,
          level: (seconds) => 0.5 * swelling(seconds),
        }),
      ];
    case 'mains':
      return [
        new Hum(sub(), { hertz: random.chance(0.5) ? 50 : 60, harmonics: [1, 0.7, 0.2, 0.3], level: level * 1.2 }),
        new Band(sub(), { hertz: 700, widthHz: 1500, level: level * 0.4 }),
      ];
    case 'rain':
      return [new Band(sub(), { hertz: random.between(3000, 5500), widthHz: 4000, level: swelling })];
    case 'machinery': {
      const hertz = random.between(35, 75);
      return [
        new Hum(sub(), { hertz, harmonics: [1, 0.5, 0.6, 0.2, 0.3], level: level * 0.8 }),
        new Band(sub(), { hertz: random.between(200, 900), widthHz: 500, level: level * 0.6 }),
      ];
    }
  }
}

/** Soft clicks and bumps of a house in use: impulses alone mean nothing. */
function taps(perSecond: number, random: Random): Voice {
  function* strokes() {
    for (const atSeconds of timesEvery(random, [0.3 / perSecond, 1.7 / perSecond])) {
      yield {
        atSeconds,
        level: random.between(0.005, 0.04),
        hertz: random.between(120, 2400),
        decaySeconds: random.between(0.004, 0.03),
        noise: random.between(0, 1.5),
        dullness: random.between(0, 0.8),
      };
    }
  }
  return new Strokes(random, strokes());
}

function driveVoices({ kind, moving, driveHz, driveLevel }: Mounting, random: Random): readonly Voice[] {
  if (kind !== 'robot' || !moving) return [];
  return [
    new Hum(random, { hertz: 9 * driveHz, harmonics: [1, 0.5, 0.3, 0.15], level: 0.012 * driveLevel }),
    new Band(random, { hertz: 1800, widthHz: 2500, level: 0.006 * driveLevel }),
  ];
}
