import type { EventDeclaration } from './events/event';
import type { Pattern, RoomKind } from './rooms';
import type { Sensor } from './sensor';
import type { Colour, Things } from './shapes';

/** An event of a scene: when, how strongly and where something of that kind happens. */
export interface Happening {
  readonly event: EventDeclaration;
  /** What is by chance about it: clothes, pitch, number of shards. */
  readonly seed: number;
  /** On the scene's own time, which starts at 0. */
  readonly startSeconds: number;
  readonly endSeconds: number;
  /** 0 … 1. */
  readonly strength: number;
  readonly place: Place;
}

export interface Place {
  /** -1 at the left edge of what the camera sees, 1 at the right one. */
  readonly across: number;
  /** 0 … 1, near to far. */
  readonly away: number;
}

/** The whole latent state, of which every sensor shows its part. Plain data; drawn from a seed by `drawScene`. */
export interface Scene {
  readonly seed: number;
  readonly room: RoomKind;
  readonly space: Space;
  readonly surfaces: Surfaces;
  /** What stands about, whatever happens: clutter, and decoys that look like parts of an event. */
  readonly furniture: Things;
  readonly light: Light;
  readonly climate: Climate;
  readonly camera: Camera;
  readonly mounting: Mounting;
  readonly soundscape: Soundscape;
  readonly happenings: readonly Happening[];
}

/** The room reaches from -halfWidth to halfWidth, from the floor to the height, and from behind the camera to the depth. */
export interface Space {
  readonly halfWidth: number;
  readonly depth: number;
  readonly height: number;
  readonly behind: number;
}

export interface Surfaces {
  readonly wall: Colour;
  readonly floor: Colour;
  readonly ceiling: Colour;
  readonly floorPattern: Pattern;
  readonly wallPattern: Pattern;
  /** How much darker the dark parts of the patterns are, 0 … 1. */
  readonly contrast: number;
}

export interface Light {
  /** 0.6: dim. 1.25: bright. */
  readonly level: number;
  /** Where it comes from, unit length. */
  readonly direction: readonly [x: number, y: number, z: number];
  readonly tint: readonly [red: number, green: number, blue: number];
}

export interface Climate {
  readonly ambientKelvin: number;
  readonly outdoorKelvin: number;
}

export interface Camera {
  readonly heightMetres: number;
  /** In turns; positive looks up. */
  readonly pitch: number;
  /** In turns; positive looks to the right. */
  readonly yaw: number;
}

/** What the sensors are mounted on. */
export interface Mounting {
  readonly kind: 'robot' | 'building';
  /** A robot that drives: its motors are heard and felt. */
  readonly moving: boolean;
  readonly driveHz: number;
  readonly driveLevel: number;
  /** In turns. */
  readonly roll: number;
  readonly pitch: number;
}

export const SOUNDSCAPES = ['hiss', 'ventilation', 'street', 'mains', 'rain', 'machinery'] as const;

/** The sound that is always there, and the microphone. */
export interface Soundscape {
  readonly kind: (typeof SOUNDSCAPES)[number];
  /** RMS of the background in decibels of full scale, before the microphone's gain. */
  readonly levelDecibels: number;
  readonly gainDecibels: number;
  /** Soft clicks that belong to nothing: mean number a second. */
  readonly tapsPerSecond: number;
}

/** The scene as a sensor could know it: without what it cannot perceive. Every renderer takes this one. */
export function perceivedBy(scene: Scene, sensor: Sensor): Scene {
  return { ...scene, happenings: scene.happenings.filter(({ event }) => event.sensors.includes(sensor)) };
}

/** The scene with other events in the same room. */
export function withHappenings(scene: Scene, happenings: readonly Happening[]): Scene {
  return { ...scene, happenings };
}

/** Whether it goes on at that moment. */
export function isUnderWay({ startSeconds, endSeconds }: Happening, atSeconds: number): boolean {
  return startSeconds <= atSeconds && atSeconds < endSeconds;
}
