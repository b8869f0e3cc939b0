import { MotionLinesDecoder } from '../../devices/imu/motionLinesDevice';
import { SimulatedMotionLines } from '../../devices/simulated/wire/motionLines';
import { feed } from './decoder';
import type { FuzzTarget } from './target';

/** Lines of CSV, JSON and NMEA sentences, from bytes to samples. */
export const target: FuzzTarget = {
  name: 'motion-lines',
  run(bytes) {
    feed(
      bytes,
      ({ source, clock, ...run }) => new MotionLinesDecoder({ kind: 'motion-lines' }, { source, clock }, run),
    );
  },
  seeds() {
    return (['csv', 'json', 'nmea'] as const).map((format) => {
      const device = new SimulatedMotionLines(format);
      const line = (micros: number): Buffer =>
        device.encodeSample({ acceleration: [0.1, 0.2, 9.8], angularVelocity: [1, 2, 3], micros });
      return Buffer.concat([line(0), line(10_000), line(20_000)]);
    });
  },
};
