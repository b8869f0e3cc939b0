import type { MotionReading } from '../../../runtime/reading';
import { sum8 } from '../../frameScanner';
import { RVC_FRAME_BYTES, RVC_HEADER, RVC_METRES_PER_SECOND2 } from '../../imu/bno08x';
import { int16, samplesOf, type WireSample } from './samples';

/** A BNO08x in the mode UART-RVC. It has no rotation to send; its angles stay 0. */
export class SimulatedRvc {
  #index = 0;

  /** A frame for each sample of a reading. */
  encode(reading: MotionReading): Buffer {
    return Buffer.concat(samplesOf(reading).map((sample) => this.encodeSample(sample)));
  }

  encodeSample({ acceleration }: WireSample): Buffer {
    const frame = Buffer.alloc(RVC_FRAME_BYTES);
    frame.fill(RVC_HEADER, 0, 2);
    frame.writeUInt8(this.#index, 2);
    acceleration.forEach((value, axis) => {
      frame.writeInt16LE(int16(value / RVC_METRES_PER_SECOND2), 9 + 2 * axis);
    });
    frame.writeUInt8(sum8(frame, 2, RVC_FRAME_BYTES - 1), RVC_FRAME_BYTES - 1);
    this.#index = (this.#index + 1) % 256;
    return frame;
  }
}
