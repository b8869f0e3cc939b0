import { IioScans } from '../../devices/imu/iio';
import { layOut, parseScanType } from '../../devices/imu/iioScan';
import { systemClock } from '../../runtime/clock';
import type { FuzzTarget } from './target';

const NAMES = ['in_accel_x', 'in_accel_y', 'in_accel_z', 'in_anglvel_x', 'in_anglvel_y', 'in_anglvel_z'];

/** Any bytes as scans, in two pieces, and as the type of a channel. */
export const target: FuzzTarget = {
  name: 'iio',
  run(bytes) {
    const channels = [
      ...NAMES.map((name) => ({ name, type: parseScanType('be:s16/16>>0') })),
      { name: 'in_timestamp', type: parseScanType('le:s64/64>>0') },
    ];
    const settings = {
      layout: layOut(channels),
      scales: {},
      mounting: [1, 0, 0, 0, 1, 0, 0, 0, 1],
      rateHz: 100,
      isMonotonic: true,
    };
    const scans = new IioScans(settings, {
      context: { source: 'imu0', clock: systemClock },
      sink: { reading: () => undefined, lost: () => undefined },
      fail: () => undefined,
    });
    const middle = bytes.length >> 1;
    scans.append(bytes.subarray(0, middle), 0);
    scans.append(bytes.subarray(middle), 1);
    parseScanType(Buffer.from(bytes).toString('latin1'));
  },
  seeds: () => [Buffer.from('be:s16/16>>0'), Buffer.from('le:u12/16>>4'), Buffer.alloc(96, 0x5a)],
};
