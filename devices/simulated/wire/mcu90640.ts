import { sum16 } from '../../frameScanner';
import {
  MCU90640_FRAME_BYTES,
  MCU90640_HEADER,
  MCU90640_PIXELS,
  type Mcu90640Checksum,
  wordSum,
} from '../../thermal/mcu90640';
import { int16 } from './samples';

const ZERO_CELSIUS = 273.15;

/**
 * A frame of a GY-MCU90640.
 *
 * @param kelvin - 24 rows of 32 values.
 * @param options.checksum - Which of the sums that are found in the field; `unverified` for one that fits none of them.
 */
export function encodeMcu90640(
  kelvin: ArrayLike<number>,
  { ambientKelvin = 298.15, checksum = 'bytes' as Mcu90640Checksum } = {},
): Buffer {
  const frame = Buffer.alloc(MCU90640_FRAME_BYTES);
  MCU90640_HEADER.copy(frame);
  const centiCelsius = (value: number): number => int16((value - ZERO_CELSIUS) * 100);
  for (let pixel = 0; pixel < MCU90640_PIXELS; pixel++) {
    frame.writeInt16LE(centiCelsius(kelvin[pixel] ?? 0), MCU90640_HEADER.length + 2 * pixel);
  }
  frame.writeInt16LE(centiCelsius(ambientKelvin), MCU90640_FRAME_BYTES - 4);
  const summed = frame.subarray(0, MCU90640_FRAME_BYTES - 2);
  const sums = {
    bytes: sum16(summed, 0, summed.length),
    words: wordSum(summed),
    unverified: (sum16(summed, 0, summed.length) + 0x1234) & 0xffff,
  };
  frame.writeUInt16LE(sums[checksum], MCU90640_FRAME_BYTES - 2);
  return frame;
}
