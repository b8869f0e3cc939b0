import { events } from './events/catalogue';
import type { EventDeclaration } from './events/event';
import { furnish } from './furniture';
import { Random, seedOf } from './random';
import { type RoomKind, rooms } from './rooms';
import {
  type Happening,
  type Light,
  type Mounting,
  type Scene,
  SOUNDSCAPES,
  type Soundscape,
  type Space,
  type Surfaces,
} from './scene';
import type { Colour } from './shapes';

/** What is fixed about a scene; all else comes from the seed. */
export interface SceneWishes {
  readonly room?: RoomKind;
  /** What happens in it; nothing where the list is empty. Left out: events by chance. */
  readonly events?: readonly EventDeclaration[];
  /** How many by chance, each of another kind. Default: 1. */
  readonly count?: number;
}

/** Length of a scene. The picture is taken near its end, so that sudden events have left their trace. */
export const SCENE_SECONDS = 5;
export const PICTURE_SECONDS = 3.4;
/** The part of a scene that is heard. */
export const HEARD_SECONDS = { from: 1.5, to: 3.5 } as const;

/** A sudden event of a scene of its own happens in this time: at a moment that nobody can know. */
const SUDDEN_SECONDS = { from: 1.6, to: 2.7 } as const;

/** The same scene for the same seed and wishes, for ever. */
export function drawScene(seed: number, wishes: SceneWishes = {}): Scene {
  const happening = wishes.events ?? pickEvents(new Random(seedOf(seed, 'event')), wishes.count ?? 1);
  const place = drawPlace(seed, wishes.room ?? new Random(seedOf(seed, 'room')).pick(rooms));
  return {
    ...place,
    mounting: fittingMounting(place.mounting, happening),
    happenings: happening.map((event, index) => drawHappening(seedOf(seed, 'happening', index), event)),
  };
}

function pickEvents(random: Random, count: number): readonly EventDeclaration[] {
  const left = [...events];
  const picked: EventDeclaration[] = [];
  while (picked.length < count && left.length > 0) picked.push(...left.splice(random.integer(left.length), 1));
  return picked;
}

/** A scene in which nothing happens. */
export function drawPlace(seed: number, room: RoomKind): Scene {
  const random = new Random(seedOf(seed, 'place'));
  const space: Space = {
    halfWidth: random.between(...room.halfWidth),
    depth: random.between(...room.depth),
    height: random.between(...room.height),
    behind: 1.5,
  };
  const climate = { ambientKelvin: random.between(286, 298), outdoorKelvin: random.between(262, 280) };
  return {
    seed,
    room,
    space,
    surfaces: drawSurfaces(random, room),
    furniture: furnish(seed, { room, space, climate }),
    light: drawLight(random),
    climate,
    camera: {
      heightMetres: random.between(0.7, 1.6),
      pitch: random.between(-0.04, 0.005),
      yaw: random.between(-0.025, 0.025),
    },
    mounting: drawMounting(random),
    soundscape: drawSoundscape(random),
    happenings: [],
  };
}

/** An event by itself, at a moment that suits a scene of {@link SCENE_SECONDS}. */
export function drawHappening(seed: number, event: EventDeclaration): Happening {
  const random = new Random(seed);
  const strength = random.next();
  const place = { across: random.between(-1, 1), away: random.next() };
  const moment = random.between(SUDDEN_SECONDS.from, SUDDEN_SECONDS.to);
  const startSeconds = event.onset === 'sudden' ? moment : -random.between(1, 5);
  return { event, seed: seedOf(seed, 'details'), startSeconds, endSeconds: 1e6, strength, place };
}

/** The mounting, but a robot that drives where an event happens to robots only. */
export function fittingMounting(mounting: Mounting, happening: readonly EventDeclaration[]): Mounting {
  const needsRobot = happening.some((event) => event.mounting === 'robot');
  return needsRobot ? { ...mounting, kind: 'robot', moving: true } : mounting;
}

function drawSurfaces(random: Random, room: RoomKind): Surfaces {
  // A kind of room has a colour of its own in most cases, and any other in the rest.
  const painted = (usual: Colour): Colour => {
    const shade = random.between(95, 230);
    const from: Colour = random.chance(0.35) ? [shade, shade, shade] : usual;
    const shift = (value: number): number => Math.max(50, Math.min(245, value + random.between(-30, 30)));
    return [shift(from[0]), shift(from[1]), shift(from[2])];
  };
  return {
    wall: painted(room.wall),
    floor: painted(room.floor),
    ceiling: painted([225, 225, 222]),
    floorPattern: random.pick(random.chance(0.7) ? room.floors : ['plain', 'tiles', 'planks', 'speckle']),
    wallPattern: room.id === 'bathroom' ? 'tiles' : random.pick(['plain', 'plain', 'plain', 'stripes']),
    contrast: random.between(0.05, 0.22),
  };
}

function drawLight(random: Random): Light {
  const [x, y, z] = [random.between(-0.7, 0.7), random.between(0.6, 1), random.between(-0.9, -0.2)];
  const scale = 1 / Math.sqrt(x * x + y * y + z * z);
  return {
    level: random.between(0.6, 1.25),
    direction: [x * scale, y * scale, z * scale],
    tint: [random.between(0.9, 1.1), random.between(0.95, 1.05), random.between(0.86, 1.1)],
  };
}

function drawMounting(random: Random): Mounting {
  return {
    kind: random.chance(0.5) ? 'robot' : 'building',
    moving: random.chance(0.6),
    driveHz: random.between(5, 14),
    driveLevel: random.between(0.4, 1.6),
    roll: random.between(-0.012, 0.012),
    pitch: random.between(-0.012, 0.012),
  };
}

function drawSoundscape(random: Random): Soundscape {
  return {
    kind: random.pick(SOUNDSCAPES),
    levelDecibels: random.between(-54, -27),
    gainDecibels: random.between(-10, 10),
    tapsPerSecond: random.chance(0.5) ? random.between(0.3, 1.5) : 0,
  };
}
