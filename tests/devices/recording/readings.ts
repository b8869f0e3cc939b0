import fc from 'fast-check';
import type { ClockQuality, Flag, FrameHold, Reading } from '../../../runtime/reading';

/** Memory of a picture that belongs to nobody else, and counts its holders. */
export class TestFrame implements FrameHold {
  holders = 1;

  constructor(readonly buffer: SharedArrayBuffer) {}

  retain(): this {
    this.holders++;
    return this;
  }

  release(): void {
    this.holders--;
  }
}

const FLAGS: readonly Flag[] = ['clipped', 'gap', 'holes-filled', 'overrun', 'silent', 'simulated'];
const QUALITIES: readonly ClockQuality[] = ['device', 'arrival', 'file', 'simulated'];

const base = fc.record({
  source: fc.stringMatching(/^[a-z0-9_-]{1,12}$/),
  timeMicros: fc.maxSafeInteger(),
  monotonicMicros: fc.maxSafeInteger(),
  clockQuality: fc.constantFrom(...QUALITIES),
  flags: fc.subarray([...FLAGS]),
});

const floats = (length: number) => fc.float32Array({ minLength: length, maxLength: length });

const pcm16 = (length: number) =>
  fc
    .int16Array({ minLength: length, maxLength: length })
    .map((samples) => Float32Array.from(samples, (one) => one / 32_768));

const sound: fc.Arbitrary<Reading> = fc
  .tuple(base, fc.nat(40), fc.integer({ min: 1, max: 4 }), fc.boolean())
  .chain(([common, length, channels, isPcm]) =>
    fc
      .record({
        sampleRateHz: fc.oneof(fc.integer({ min: 1, max: 384_000 }), fc.double({ min: 1, max: 1e6, noNaN: true })),
        channels: fc.array(isPcm ? pcm16(length) : floats(length), { minLength: channels, maxLength: channels }),
      })
      .map((rest) => ({ ...common, modality: 'audio', ...rest })),
  );

const axes = (length: number) => fc.tuple(floats(length), floats(length), floats(length));

const motion: fc.Arbitrary<Reading> = fc.tuple(base, fc.nat(20)).chain(([common, length]) =>
  fc
    .record(
      {
        sampleMicros: fc
          .array(fc.maxSafeInteger(), { minLength: length, maxLength: length })
          .map((micros) => Float64Array.from(micros)),
        acceleration: axes(length),
        angularVelocity: axes(length),
      },
      { requiredKeys: ['sampleMicros', 'acceleration'] },
    )
    .map((rest) => ({ ...common, modality: 'imu', ...rest })),
);

const radar: fc.Arbitrary<Reading> = fc
  .tuple(base, fc.float32Array({ maxLength: 40 }), fc.double({ min: 1e-6, max: 100, noNaN: true }))
  .map(([common, profile, binMetres]) => ({ ...common, modality: 'radar', profile, binMetres }));

const size = fc.record({ width: fc.integer({ min: 1, max: 9 }), height: fc.integer({ min: 1, max: 9 }) });

const vision: fc.Arbitrary<Reading> = fc.tuple(base, size).chain(([common, { width, height }]) =>
  fc.uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 }).map((values) => {
    const rgb = new Uint8Array(new SharedArrayBuffer(values.byteLength));
    rgb.set(values);
    return { ...common, modality: 'vision', width, height, rgb, frame: new TestFrame(rgb.buffer) };
  }),
);

function floatPicture<More extends object>(more: fc.Arbitrary<More>) {
  return fc.tuple(base, size, more).chain(([common, { width, height }, rest]) =>
    floats(width * height).map((numbers) => {
      const values = new Float32Array(new SharedArrayBuffer(numbers.byteLength));
      values.set(numbers);
      return { ...common, ...rest, width, height, values, frame: new TestFrame(values.buffer) };
    }),
  );
}

const depth: fc.Arbitrary<Reading> = floatPicture(
  fc.record({ baselineFocal: fc.double({ min: 0.1, max: 1000, noNaN: true }) }, { requiredKeys: [] }),
).map(({ values, ...rest }) => ({ ...rest, modality: 'depth', metres: values }));

const thermal: fc.Arbitrary<Reading> = floatPicture(fc.record({ unit: fc.constantFrom('K', 'counts') })).map(
  (rest) => ({
    ...rest,
    modality: 'thermal',
  }),
);

/** Readings of every modality, with every number that their samples can hold. */
export const anyReading: fc.Arbitrary<Reading> = fc.oneof(sound, motion, radar, vision, depth, thermal);

/** A value with typed arrays as their bytes, so that a comparison sees every bit; frames are left out. */
export function bitsOf(reading: Reading): unknown {
  const plain = (value: unknown): unknown => {
    if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex');
    if (Array.isArray(value)) return value.map(plain);
    return value;
  };
  return Object.fromEntries(
    Object.entries(reading)
      .filter(([key]) => key !== 'frame')
      .map(([key, value]) => [key, plain(value)]),
  );
}
