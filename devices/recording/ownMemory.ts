import type { FrameHold, Reading } from '../../runtime/reading';

type SampleReading = Exclude<Reading, { readonly frame: FrameHold }>;

/**
 * A reading on memory of its own size: samples are often a piece of a larger buffer, and another thread would get a copy
 * of all of it.
 */
export function ownMemory(reading: SampleReading): { readonly item: SampleReading; readonly byteLength: number } {
  let byteLength = 0;
  const own = <Numbers extends Float32Array | Float64Array>(numbers: Numbers, copy: (numbers: Numbers) => Numbers) => {
    byteLength += numbers.byteLength;
    return numbers.byteLength === numbers.buffer.byteLength ? numbers : copy(numbers);
  };
  const floats = (numbers: Float32Array): Float32Array => own(numbers, (piece) => piece.slice());
  const item = owned(reading, { floats, doubles: (numbers) => own(numbers, (piece) => piece.slice()) });
  return { item, byteLength };
}

interface Owners {
  readonly floats: (numbers: Float32Array) => Float32Array;
  readonly doubles: (numbers: Float64Array) => Float64Array;
}

function owned(reading: SampleReading, { floats, doubles }: Owners): SampleReading {
  switch (reading.modality) {
    case 'audio':
      return { ...reading, channels: reading.channels.map(floats) };
    case 'imu': {
      const [x, y, z] = reading.acceleration;
      const turn = reading.angularVelocity;
      return {
        ...reading,
        sampleMicros: doubles(reading.sampleMicros),
        acceleration: [floats(x), floats(y), floats(z)],
        ...(turn === undefined ? {} : { angularVelocity: [floats(turn[0]), floats(turn[1]), floats(turn[2])] }),
      };
    }
    case 'radar':
      return { ...reading, profile: floats(reading.profile) };
  }
}
