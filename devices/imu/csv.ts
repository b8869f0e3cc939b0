import { parse } from 'csv-parse/sync';
import { messageOf, SensebindError } from '../../runtime/errors';
import type { AccelerationUnit, Column, ColumnNames, RotationUnit, TimeUnit } from './columns';
import { gravityProblem } from './gravity';
import { delimiterOf, motionLayout, notMotion, timeScale } from './layout';

/** Far more than the five seconds that an encoder takes: an hour at 200 Hz is 50 MiB. */
const LIMIT_BYTES = 2 ** 26;
const LIMIT_LINE_BYTES = 2 ** 14;

/** How to read the file where its header line does not say. Units that a title states win over these. */
export interface MotionCsvOptions {
  readonly columns?: ColumnNames;
  /** Default m/s². */
  readonly accelerationUnit?: AccelerationUnit;
  /** Default rad/s. */
  readonly rotationUnit?: RotationUnit;
  readonly timeUnit?: TimeUnit;
  /** A uniform rate, for files without times; where given, a time column is not used. */
  readonly rateHz?: number;
}

/** Accelerometer x, y, z in m/s² with gravity, gyroscope x, y, z in rad/s, and when. */
export interface MotionRecording {
  readonly axes: readonly Float32Array[];
  readonly timing: { readonly rateHz: number } | { readonly timesMicros: Float64Array };
  /** Rows left out because a value was missing or their time was already there. Times tell where they are missing. */
  readonly skippedRows: number;
}

/**
 * Reads a motion recording with a header line; delimiter comma, semicolon or tab. With times, rows may come in any order
 * and rows with an empty cell are left out; without, every row must be whole.
 *
 * @throws {SensebindError} `INPUT_INVALID` for columns, numbers or units that are not as expected; `INPUT_TOO_LARGE`.
 */
export function readMotionCsv(bytes: Uint8Array, options: MotionCsvOptions = {}): MotionRecording {
  const [titles = [], ...rows] = recordsOf(bytes);
  const { axes, time } = motionLayout(titles, { ...options, ...(options.columns && { names: options.columns }) });
  const samples = rows.map((row) => axes.map((column) => cell(row, column) * column.scale));
  const recording =
    options.rateHz === undefined
      ? timed({ rows, samples, time: requireTime(time) }, options)
      : uniform(samples, options.rateHz);
  requireGravity(recording.axes);
  return recording;
}

function recordsOf(bytes: Uint8Array): string[][] {
  if (bytes.byteLength > LIMIT_BYTES) {
    throw new SensebindError(
      'INPUT_TOO_LARGE',
      `Expected at most ${LIMIT_BYTES} bytes of motion, found ${bytes.byteLength}`,
      'Cut the recording to the seconds that matter.',
    );
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return parse(text, {
      delimiter: delimiterOf(firstLine(text)),
      trim: true,
      comment: '#',
      skip_empty_lines: true,
      relax_column_count: true,
      max_record_size: LIMIT_LINE_BYTES,
    });
  } catch (error) {
    throw notMotion(`text that is not a table: ${messageOf(error)}`);
  }
}

function firstLine(text: string): string {
  const [line = ''] = text.slice(0, LIMIT_LINE_BYTES).split('\n', 1);
  return line;
}

/** NaN for an empty or absent cell. */
function cell(row: readonly string[], { index, title }: Column): number {
  const text = row[index] ?? '';
  if (text === '' || /^(?:nan|null|none)$/i.test(text)) return Number.NaN;
  const value = Number(text);
  if (Number.isFinite(value)) return value;
  throw notMotion(`${JSON.stringify(text.slice(0, 40))} in column ${JSON.stringify(title)}`);
}

function uniform(samples: readonly (readonly number[])[], rateHz: number): MotionRecording {
  const broken = samples.findIndex((sample) => sample.some(Number.isNaN));
  if (broken >= 0) throw notMotion(`a missing value in row ${broken + 1}, and no times to tell how long it lasts`);
  return { axes: planar(samples), timing: { rateHz }, skippedRows: 0 };
}

function timed(
  table: { readonly rows: readonly string[][]; readonly samples: readonly number[][]; readonly time: Column },
  options: MotionCsvOptions,
): MotionRecording {
  const scale = timeScale(table.time, options);
  const whole = table.samples
    .map((sample, index) => ({ sample, micros: Math.round(cell(table.rows[index] ?? [], table.time) * scale) }))
    .filter(({ sample, micros }) => !sample.some(Number.isNaN) && Number.isFinite(micros))
    .sort((left, right) => left.micros - right.micros)
    .filter(({ micros }, index, all) => index === 0 || micros !== all[index - 1]?.micros);
  return {
    axes: planar(whole.map(({ sample }) => sample)),
    timing: { timesMicros: Float64Array.from(whole, ({ micros }) => micros) },
    skippedRows: table.samples.length - whole.length,
  };
}

function planar(samples: readonly (readonly number[])[]): readonly Float32Array[] {
  if (samples.length < 2) throw notMotion(`${samples.length} complete row(s)`);
  return [0, 1, 2, 3, 4, 5].map((axis) => Float32Array.from(samples, (sample) => sample[axis] ?? 0));
}

function requireTime(time: Column | undefined): Column {
  if (time !== undefined) return time;
  throw notMotion('no time column and no rate');
}

function requireGravity([x, y, z]: readonly Float32Array[]): void {
  if (x === undefined || y === undefined || z === undefined) return;
  const problem = gravityProblem(
    Float64Array.from(x, (value, index) => Math.hypot(value, y[index] ?? 0, z[index] ?? 0)),
  );
  if (problem !== undefined) throw notMotion(problem);
}
