import { SensebindError } from '../../runtime/errors';
import { STANDARD_GRAVITY } from '../units';

/** m/s² that one step stands for. */
export const ACCELERATION_UNITS = { 'm/s2': 1, g: STANDARD_GRAVITY, mg: STANDARD_GRAVITY / 1000 } as const;
export type AccelerationUnit = keyof typeof ACCELERATION_UNITS;

/** rad/s that one step stands for. */
export const ROTATION_UNITS = { 'rad/s': 1, 'mrad/s': 0.001, 'deg/s': Math.PI / 180 } as const;
export type RotationUnit = keyof typeof ROTATION_UNITS;

/** Microseconds that one step stands for. */
export const TIME_UNITS = { s: 1e6, ms: 1e3, us: 1, ns: 1e-3 } as const;
export type TimeUnit = keyof typeof TIME_UNITS;

/** Accelerometer, then gyroscope: the order of ImageBind's encoder (reference/imagebind.md §7.2). */
export const AXES = ['ax', 'ay', 'az', 'gx', 'gy', 'gz'] as const;
export type Axis = (typeof AXES)[number];
const ACCELERATION_AXES = AXES.slice(0, 3);
const ROTATION_AXES = AXES.slice(3);

/** A column of the file: where it stands, and the unit that its title states, if it does. */
export interface Column {
  readonly index: number;
  readonly title: string;
  readonly unit: string | undefined;
}

/** Where each axis and the time stand. */
export interface MotionColumns {
  readonly axes: readonly Column[];
  readonly time: Column | undefined;
}

/** Title to use for an axis or for the time (`t`), where the usual spellings do not apply. */
export type ColumnNames = { readonly [name in Axis | 't']?: string };

/** Spellings after {@link plain}: `accel_x`, `AccX`, `linear_acceleration.x` (ROS sensor_msgs/Imu, with gravity), `accl_x` (Ego4D). */
const SPELLINGS: readonly (readonly [prefix: 'a' | 'g', pattern: RegExp])[] = [
  ['a', /^(?:field)?(?:a|acc|accel|accl|accelerometer|acceleration|linearacceleration)([xyz])$/],
  ['g', /^(?:field)?(?:g|gyr|gyro|gyroscope|w|omega|angularvelocity|angularrate|rotationrate)([xyz])$/],
];

/** Best first: of Ego4D's two times the canonical one is the one to sort by (reference/imagebind.md §7.1). */
const TIMES = [
  /^canonicaltimestamp(ms)$/,
  /^(?:timestamp|time|t)(ns|us|ms|s)?$/,
  /^(?:\w+)(?:timestamp|time)(ns|us|ms|s)?$/,
];

const UNIT_SPELLINGS: ReadonlyMap<string, AccelerationUnit | RotationUnit | TimeUnit> = new Map([
  ['m/s2', 'm/s2'],
  ['m/s^2', 'm/s2'],
  ['m/s²', 'm/s2'],
  ['g', 'g'],
  ['mg', 'mg'],
  ['rad/s', 'rad/s'],
  ['mrad/s', 'mrad/s'],
  ['deg/s', 'deg/s'],
  ['°/s', 'deg/s'],
  ['dps', 'deg/s'],
  ['s', 's'],
  ['sec', 's'],
  ['ms', 'ms'],
  ['us', 'us'],
  ['µs', 'us'],
  ['ns', 'ns'],
]);

const UNIT_IN_TITLE = /[([]\s*([^)\]]+?)\s*[)\]]/;

/**
 * Finds the columns of a motion recording by its header line.
 *
 * @param rotation - `optional`: without a single column for the gyroscope, the axes are those of acceleration alone.
 * @throws {SensebindError} `INPUT_INVALID` naming what is missing, or found twice.
 */
export function findColumns(
  titles: readonly string[],
  names: ColumnNames = {},
  rotation: 'required' | 'optional' = 'required',
): MotionColumns {
  const columns = titles.map((title, index) => ({ index, title, unit: unitIn(title) }));
  const columnsOf = (axis: Axis): readonly Column[] => {
    const wanted = names[axis];
    return columns.filter(({ title }) => (wanted === undefined ? axisOf(title) === axis : title === wanted));
  };
  const hasRotation = rotation === 'required' || ROTATION_AXES.some((axis) => columnsOf(axis).length > 0);
  const axes = (hasRotation ? AXES : ACCELERATION_AXES).map((axis) => {
    const found = columnsOf(axis);
    const [column] = found;
    if (column !== undefined && found.length === 1) return column;
    throw new SensebindError(
      'INPUT_INVALID',
      `Expected one column for ${axis}, found ${found.length} among ${JSON.stringify(titles).slice(0, 300)}`,
      'Start the file with a header line such as "t_ms,ax,ay,az,gx,gy,gz", or name the columns: ax=TITLE,ay=TITLE,….',
    );
  });
  return { axes, time: timeColumn(columns, names.t) };
}

function timeColumn(columns: readonly Column[], wanted: string | undefined): Column | undefined {
  if (wanted !== undefined) {
    const found = columns.find(({ title }) => title === wanted);
    if (found !== undefined) return found;
    throw new SensebindError(
      'INPUT_INVALID',
      `Expected a time column "${wanted}", found none`,
      'Name a title of the header line.',
    );
  }
  for (const pattern of TIMES) {
    for (const column of columns) {
      const match = pattern.exec(plain(column.title));
      if (match !== null) return { ...column, unit: column.unit ?? match[1] };
    }
  }
  return undefined;
}

function axisOf(title: string): string | undefined {
  for (const [prefix, pattern] of SPELLINGS) {
    const direction = pattern.exec(plain(title))?.[1];
    if (direction !== undefined) return `${prefix}${direction}`;
  }
  return undefined;
}

/** Lower case, without the unit in brackets and without what separates words. */
function plain(title: string): string {
  return title
    .replace(UNIT_IN_TITLE, '')
    .toLowerCase()
    .replace(/[\s_.%/-]/g, '');
}

function unitIn(title: string): string | undefined {
  const written = UNIT_IN_TITLE.exec(title)?.[1]?.toLowerCase();
  return written === undefined ? undefined : UNIT_SPELLINGS.get(written);
}
