import type { Flag, FrameHold, Reading } from '../../runtime/reading';

type WithoutFrame<One> = One extends { readonly frame: FrameHold } ? Omit<One, 'frame'> : One;

/** A reading without its hold on memory: what a recording keeps, and what may go to another thread. */
export type RecordableReading = WithoutFrame<Reading>;

/** Ids of sources, as configurations allow them. */
const SOURCE = /^[a-z0-9_-]{1,64}$/;

export const MAX_CHANNELS = 256;
/** There are fewer than this, and none of them comes twice. */
export const MAX_FLAGS = 32;
const MAX_SIDE = 65_535;
const MAX_SAMPLE_RATE_HZ = 1e9;

/** True for what may stand as the id of a source in a recording. */
export function isSourceId(text: string): boolean {
  return SOURCE.test(text);
}

/**
 * Why a reading is not what its type promises, in words; `undefined` when it is. Writer and reader of recordings ask the
 * same question, so that whatever is written can be read.
 */
export function problemOf(reading: RecordableReading): string | undefined {
  if (!isSourceId(reading.source)) return `a source called ${JSON.stringify(reading.source.slice(0, 80))}`;
  if (!Number.isSafeInteger(reading.timeMicros)) return `a time of ${reading.timeMicros} µs`;
  if (!Number.isFinite(reading.monotonicMicros)) return `a monotonic time of ${reading.monotonicMicros} µs`;
  if (reading.flags.length > MAX_FLAGS) return `${reading.flags.length} flags`;
  switch (reading.modality) {
    case 'audio':
      return soundProblem(reading);
    case 'imu':
      return motionProblem(reading);
    case 'vision':
      return pictureProblem(reading, { values: reading.rgb.length, perPixel: 3 });
    case 'depth':
      return pictureProblem(reading, { values: reading.metres.length, perPixel: 1 });
    case 'thermal':
      return pictureProblem(reading, { values: reading.values.length, perPixel: 1 });
    case 'radar':
      return Number.isFinite(reading.binMetres) ? undefined : `${reading.binMetres} m a bin`;
  }
}

function soundProblem({ sampleRateHz, channels }: RecordableReading & { readonly modality: 'audio' }) {
  if (!(sampleRateHz > 0 && sampleRateHz <= MAX_SAMPLE_RATE_HZ)) return `a sample rate of ${sampleRateHz} Hz`;
  if (channels.length < 1 || channels.length > MAX_CHANNELS) return `${channels.length} channels`;
  const length = channels[0]?.length;
  return channels.every((channel) => channel.length === length) ? undefined : 'channels of different lengths';
}

function motionProblem(reading: RecordableReading & { readonly modality: 'imu' }): string | undefined {
  const count = reading.sampleMicros.length;
  const axes = [...reading.acceleration, ...(reading.angularVelocity ?? [])];
  const wrong = axes.find((axis) => axis.length !== count);
  return wrong === undefined ? undefined : `${count} times and ${wrong.length} samples`;
}

/** Why a picture of this size cannot have so many values. */
export function pictureProblem(
  { width, height }: { readonly width: number; readonly height: number },
  { values, perPixel }: { readonly values: number; readonly perPixel: number },
): string | undefined {
  const isSide = (side: number): boolean => Number.isInteger(side) && side >= 1 && side <= MAX_SIDE;
  if (!isSide(width) || !isSide(height)) return `a size of ${width}x${height}`;
  return values === width * height * perPixel ? undefined : `${values} values for ${width}x${height} pixels`;
}

/** Complete by its type: a new flag does not compile until it stands here. */
const FLAGS: Readonly<Record<Flag, true>> = {
  'axes-missing': true,
  clipped: true,
  gap: true,
  'holes-filled': true,
  interpolated: true,
  overrun: true,
  'partial-window': true,
  replayed: true,
  silent: true,
  simulated: true,
  'source-missing': true,
  stale: true,
  untrained: true,
  unverified: true,
};

export function isFlag(text: string): text is Flag {
  return Object.hasOwn(FLAGS, text);
}
