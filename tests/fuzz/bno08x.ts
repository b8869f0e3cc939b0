import { RvcDecoder } from '../../devices/imu/bno08xDevice';
import { SimulatedRvc } from '../../devices/simulated/wire/bno08x';
import { feed } from './decoder';
import type { FuzzTarget } from './target';

/** BNO08x UART-RVC frames, from bytes to samples. */
export const target: FuzzTarget = {
  name: 'bno08x',
  run(bytes) {
    feed(bytes, ({ source, clock, ...run }) => new RvcDecoder({ source, clock }, run));
  },
  seeds() {
    const device = new SimulatedRvc();
    const frame = (): Buffer => device.encodeSample({ acceleration: [0.1, 0.2, 9.8], micros: 0 });
    return [Buffer.concat([frame(), frame(), frame()])];
  },
};
