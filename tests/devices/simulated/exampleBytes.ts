import type { Example } from '../../../devices/simulated/example';
import { exampleOf } from '../../../devices/simulated/example';
import type { Scene } from '../../../devices/simulated/scene';
import type { Sensor } from '../../../devices/simulated/sensor';

/** The arrays of an example as bytes, in a fixed order. */
export function bytesOf(example: Example): readonly Uint8Array[] {
  const { rgb, depthMetres, kelvin, sound, motion, radar } = example;
  return [rgb, depthMetres, kelvin, sound, ...motion, radar].map(
    ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
  );
}

/** One sensor's arrays. */
export function arraysOf(sensor: Sensor, scene: Scene): readonly (Uint8Array | Float32Array)[] {
  return sensor === 'imu' ? exampleOf.imu(scene) : [exampleOf[sensor](scene)];
}
