import { WitMotionDecoder } from '../../devices/imu/witmotionDevice';
import { SimulatedWitMotion, witMotionPacket } from '../../devices/simulated/wire/witmotion';
import { feed } from './decoder';
import type { FuzzTarget } from './target';

/** WitMotion packets, from bytes to samples. */
export const target: FuzzTarget = {
  name: 'witmotion',
  run(bytes) {
    feed(
      bytes,
      ({ source, clock, ...run }) => new WitMotionDecoder({ kind: 'witmotion', path: '' }, { source, clock }, run),
    );
  },
  seeds() {
    const device = new SimulatedWitMotion();
    const cycle = device.encodeSample({ acceleration: [0.1, 0.2, 9.8], angularVelocity: [1, 2, 3], micros: 0 });
    return [
      Buffer.concat([cycle, cycle, cycle]),
      witMotionPacket(0x5f, [9, 8, 7, 6]),
      witMotionPacket(0x51, [1, 2, 3, 4]),
    ];
  },
};
