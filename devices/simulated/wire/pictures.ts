import type { DepthReading, ThermalReading, VisionReading } from '../../../runtime/reading';
import { METRES_PER_DEPTH_UNIT } from '../../depth/units';
import { KELVIN_PER_THERMAL_UNIT } from '../../thermal/raw';
import { rowLayout } from '../../vision/rows';

const LARGEST_WORD = 65_535;

/** What a depth camera sends as Z16: whole millimetres, 16 bits each, little-endian; 0 where it sees nothing. */
export function encodeZ16({ metres }: Pick<DepthReading, 'metres'>): Buffer {
  return encodeWords(metres, METRES_PER_DEPTH_UNIT.mm);
}

/** What a radiometric Lepton sends with TLinear on: whole hundredths of a kelvin, 16 bits each, little-endian. */
export function encodeTLinear({ values }: Pick<ThermalReading, 'values'>): Buffer {
  return encodeWords(values, KELVIN_PER_THERMAL_UNIT.cK);
}

/** What GStreamer hands over as RGB: three bytes a pixel, rows padded to four bytes. */
export function encodeRgbRows({ rgb, width, height }: Pick<VisionReading, 'rgb' | 'width' | 'height'>): Buffer {
  const { rowBytes, strideBytes } = rowLayout({ width, height });
  const bytes = Buffer.alloc(strideBytes * height);
  for (let row = 0; row < height; row++) {
    bytes.set(rgb.subarray(row * rowBytes, (row + 1) * rowBytes), row * strideBytes);
  }
  return bytes;
}

function encodeWords(values: ArrayLike<number>, unit: number): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  for (let index = 0; index < values.length; index++) {
    const word = Math.round((values[index] ?? 0) / unit);
    bytes.writeUInt16LE(Math.max(0, Math.min(LARGEST_WORD, word)), 2 * index);
  }
  return bytes;
}
