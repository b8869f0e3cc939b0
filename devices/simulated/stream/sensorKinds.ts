import type { FrameMemory } from '../../../runtime/reading';
import type { PictureSize } from '../camera';
import type { Sensor } from '../sensor';
import type { World } from '../world';
import { colourStream, depthStream, thermalStream } from './pictureStreams';
import { motionStream, radarStream, soundStream } from './sampleStreams';
import type { SensorStream } from './sensorStream';

/** What may be chosen about a simulated sensor; sound and motion have fixed rates. */
export interface StreamChoice {
  readonly size?: PictureSize;
  readonly rateHz?: number;
}

/** Sizes and rates as small cameras have them. */
export const DEFAULT_PICTURES = {
  vision: { size: { width: 320, height: 240 }, rateHz: 5 },
  depth: { size: { width: 320, height: 240 }, rateHz: 5 },
  thermal: { size: { width: 80, height: 60 }, rateHz: 8 },
} as const;

/** The stream of one sensor of a world. */
export function openStream(
  world: World,
  sensor: Sensor,
  { memory, ...choice }: StreamChoice & { readonly memory: FrameMemory },
): SensorStream {
  switch (sensor) {
    case 'vision':
      return colourStream(world, { ...DEFAULT_PICTURES.vision, ...choice, memory });
    case 'depth':
      return depthStream(world, { ...DEFAULT_PICTURES.depth, ...choice, memory });
    case 'thermal':
      return thermalStream(world, { ...DEFAULT_PICTURES.thermal, ...choice, memory });
    case 'audio':
      return soundStream(world);
    case 'imu':
      return motionStream(world);
    case 'radar':
      return radarStream(world, choice);
  }
}
