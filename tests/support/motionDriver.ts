import { type Clock, type Micros, type Millis, sleep } from '../../runtime/clock';
import type { Driver, MotionReading } from '../../runtime/reading';

const RATE_HZ = 100;
const BLOCK = 100 as Millis;

/** 100 samples a second in blocks of a tenth of one; what was missed while nobody read comes at once, as from a kernel. */
export function motionDriver(
  clock: Clock,
  /** m/s² along x at a second since the clock's start; along z there is gravity and noise. */
  shake: (second: number) => number = () => 0,
): Driver {
  return {
    modality: 'imu',
    run: async (sink, signal) => {
      let nextMicros = clock.monotonicMicros();
      while (!signal.aborted) {
        await sleep(clock, BLOCK, signal);
        const now = clock.monotonicMicros();
        if (signal.aborted || nextMicros > now) continue;
        const count = Math.floor((now - nextMicros) / (1e6 / RATE_HZ)) + 1;
        sink.reading(block(clock, { fromMicros: nextMicros, count, shake }));
        nextMicros += (count * 1e6) / RATE_HZ;
      }
    },
  };
}

function block(
  clock: Clock,
  { fromMicros, count, shake }: { readonly fromMicros: Micros; readonly count: number; shake(second: number): number },
): MotionReading {
  const sampleMicros = Float64Array.from({ length: count }, (_, index) => fromMicros + (index * 1e6) / RATE_HZ);
  const noise = (index: number): number => Math.sin((sampleMicros[index] ?? 0) / 7919) / 50;
  const along = (value: (index: number) => number): Float32Array =>
    Float32Array.from({ length: count }, (_, index) => value(index));
  return {
    source: 'imu0',
    modality: 'imu',
    timeMicros: clock.epochMicros() - (clock.monotonicMicros() - fromMicros),
    monotonicMicros: fromMicros,
    clockQuality: 'device',
    flags: [],
    sampleMicros,
    acceleration: [
      along((index) => noise(index) + shake((sampleMicros[index] ?? 0) / 1e6)),
      along((index) => noise(index + 1)),
      along((index) => 9.81 + noise(index + 2)),
    ],
    angularVelocity: [along(noise), along(noise), along(noise)],
  };
}
