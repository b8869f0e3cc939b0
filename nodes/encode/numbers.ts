import { ACCELERATION_UNITS, type AccelerationUnit } from '../../devices/imu/columns';
import { gravityProblem } from '../../devices/imu/gravity';
import { SensebindError } from '../../runtime/errors';
import { fillInSlices } from '../shared/slices';
import { pictureOfNumbers } from './grid';
import type { MessageFields } from './messageFields';
import type { Numeric, OneInput } from './oneInput';
import { refusal } from './refusal';

interface NumbersContext {
  readonly asked?: string;
  readonly fields: MessageFields;
}

/** An hour of motion at a kilohertz, a minute of sound, a picture of four megapixels. */
const MOST_NUMBERS = 2 ** 22;

/**
 * Numbers, whose message says what they are: `sampleRateHz` sound, `rateHz` motion, `binMetres` a range profile, and
 * otherwise a picture: rows of it, or a `width` and a `height`.
 *
 * @throws {SensebindError} `INPUT_UNSUPPORTED`, `INPUT_INVALID`, `INPUT_TOO_LARGE`.
 */
export async function inputOfNumbers(payload: Numeric, { asked, fields }: NumbersContext): Promise<OneInput> {
  const rows = rowsOf(payload);
  checkSize(rows);
  const { sampleRateHz, rateHz, binMetres } = fields;
  if (sampleRateHz !== undefined) return sound(rows, { sampleRateHz, modality: asked ?? 'audio' });
  if (rateHz !== undefined) return motion(payload, rows, { rateHz, fields, modality: asked ?? 'imu' });
  if (binMetres !== undefined && rows.length === 1) {
    const strengths = await floats(rows[0] ?? []);
    return { modality: asked ?? 'radar', input: { kind: 'profile', strengths, binMetres }, flags: [] };
  }
  const picture = await pictureOf(rows, fields);
  if (picture === undefined) throw refusal(payload);
  if (payload instanceof Uint8ClampedArray && fields.unit === undefined) {
    throw refusal(payload, {
      cure: 'of the pixels of a canvas send its PNG or JPEG, or RGB without alpha as a Buffer',
    });
  }
  return pictureOfNumbers(picture, { ...(asked === undefined ? {} : { asked }), unit: fields.unit });
}

type Row = ArrayLike<number>;

function rowsOf(payload: Numeric): readonly Row[] {
  return isNested(payload) ? payload : [payload];
}

function isNested(payload: Numeric): payload is readonly Row[] {
  return Array.isArray(payload) && typeof payload[0] !== 'number';
}

function checkSize(rows: readonly Row[]): void {
  const count = rows.reduce((sum, { length }) => sum + length, 0);
  if (count <= MOST_NUMBERS) return;
  throw new SensebindError(
    'INPUT_TOO_LARGE',
    `expected at most ${MOST_NUMBERS} numbers in a message, found ${count}`,
    'send the content of a WAV or PNG file, or less at once',
  );
}

async function sound(
  channels: readonly Row[],
  { sampleRateHz, modality }: { readonly sampleRateHz: number; readonly modality: string },
): Promise<OneInput> {
  const length = channels[0]?.length ?? 0;
  if (channels.some((channel) => channel.length !== length)) throw unequal('channels of one length');
  const planar: Float32Array[] = [];
  for (const channel of channels) {
    const scale = channel instanceof Int16Array ? 2 ** 15 : 1;
    planar.push(await fillInSlices(new Float32Array(length), (index) => numberAt(channel, index) / scale));
  }
  const loud = planar.some((samples) => samples.some((sample) => Math.abs(sample) > LOUDEST));
  if (loud) {
    throw new SensebindError(
      'INPUT_INVALID',
      'expected sound between -1 and 1, found samples beyond',
      'send 16-bit samples as an Int16Array or a Buffer, or divide by 32768',
    );
  }
  return { modality, input: { kind: 'sound', sampleRateHz, channels: planar }, flags: [] };
}

/** What filters overshoot by is clipped sound; what is louder is of another unit. */
const LOUDEST = 2;

async function motion(
  payload: Numeric,
  rows: readonly Row[],
  { rateHz, fields, modality }: { readonly rateHz: number; readonly fields: MessageFields; readonly modality: string },
): Promise<OneInput> {
  const columns = columnsOf(rows);
  if (columns === undefined) {
    throw refusal(payload, {
      cure: 'for motion send samples of 3 or 6 numbers, or 3 or 6 arrays: acceleration x, y, z, then rotation',
    });
  }
  const { unit = 'm/s2' } = fields;
  if (!isAccelerationUnit(unit)) {
    throw new SensebindError(
      'INPUT_INVALID',
      `expected a unit of acceleration in msg.unit, found "${unit}"`,
      `set it to one of ${Object.keys(ACCELERATION_UNITS).join(', ')}; rotation is in rad/s`,
    );
  }
  const axes: Float32Array[] = [];
  for (const axis of [0, 1, 2, 3, 4, 5]) {
    const scale = axis < 3 ? ACCELERATION_UNITS[unit] : 1;
    axes.push(await fillInSlices(new Float32Array(columns.samples), (index) => columns.at(axis, index) * scale));
  }
  requireGravity(axes);
  const flags = columns.axes === 3 ? (['axes-missing'] as const) : [];
  return { modality, input: { kind: 'motion', axes, timing: { rateHz } }, flags };
}

interface Columns {
  readonly axes: 3 | 6;
  readonly samples: number;
  /** 0 for an axis that the sensor does not have. */
  at(axis: number, sample: number): number;
}

/** Many samples of 3 or 6 numbers, or 3 or 6 arrays of many samples: a window of fewer than seven samples says nothing. */
function columnsOf(rows: readonly Row[]): Columns | undefined {
  const width = rows[0]?.length ?? 0;
  if (rows.some(({ length }) => length !== width)) throw unequal('rows of one length');
  if (isAxes(rows.length) && width > 6) {
    const at = (axis: number, sample: number): number => (axis < rows.length ? numberAt(rows[axis] ?? [], sample) : 0);
    return { axes: rows.length, samples: width, at };
  }
  if (isAxes(width) && rows.length > 6) {
    const at = (axis: number, sample: number): number => (axis < width ? numberAt(rows[sample] ?? [], axis) : 0);
    return { axes: width, samples: rows.length, at };
  }
  return undefined;
}

function isAxes(count: number): count is 3 | 6 {
  return count === 3 || count === 6;
}

function isAccelerationUnit(unit: string): unit is AccelerationUnit {
  return Object.hasOwn(ACCELERATION_UNITS, unit);
}

function requireGravity([x, y, z]: readonly Float32Array[]): void {
  if (x === undefined || y === undefined || z === undefined) return;
  const sizes = Float64Array.from(x, (value, index) => Math.hypot(value, y[index] ?? 0, z[index] ?? 0));
  const problem = gravityProblem(sizes);
  if (problem === undefined) return;
  throw new SensebindError(
    'INPUT_INVALID',
    `expected motion with gravity, found ${problem}`,
    'set msg.unit to g, mg or m/s2',
  );
}

async function pictureOf(
  rows: readonly Row[],
  { width, height }: MessageFields,
): Promise<{ readonly values: Float32Array; readonly width: number; readonly height: number } | undefined> {
  const [first = []] = rows;
  if (rows.length > 1) {
    if (rows.some(({ length }) => length !== first.length)) throw unequal('rows of one length');
    const at = (index: number): number => numberAt(rows[Math.floor(index / first.length)] ?? [], index % first.length);
    const values = await fillInSlices(new Float32Array(rows.length * first.length), at);
    return { values, width: first.length, height: rows.length };
  }
  if (width === undefined || height === undefined) return undefined;
  if (width * height !== first.length) {
    throw new SensebindError(
      'INPUT_INVALID',
      `expected ${width * height} numbers for msg.width ${width} and msg.height ${height}, found ${first.length}`,
      'correct the size',
    );
  }
  return { values: await floats(first), width, height };
}

function floats(row: Row): Promise<Float32Array> {
  return fillInSlices(new Float32Array(row.length), (index) => numberAt(row, index));
}

/** Flows mix text and `null` into arrays: neither may become a quiet zero. */
function numberAt(row: Row, index: number): number {
  const value: unknown = row[index];
  if (typeof value === 'number') return value;
  throw new SensebindError(
    'INPUT_INVALID',
    `expected numbers, found ${value === null ? 'null' : typeof value} at place ${index}`,
    'convert or leave out what is no number',
  );
}

function unequal(expected: string): SensebindError {
  return new SensebindError(
    'INPUT_INVALID',
    `expected ${expected}, found others`,
    'cut all of them to the same length',
  );
}
