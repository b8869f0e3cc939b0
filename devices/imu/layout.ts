import { SensebindError } from '../../runtime/errors';
import {
  ACCELERATION_UNITS,
  type AccelerationUnit,
  type Column,
  type ColumnNames,
  findColumns,
  ROTATION_UNITS,
  type RotationUnit,
  TIME_UNITS,
  type TimeUnit,
} from './columns';

/** How to read a table of motion where its titles do not say. Units that a title states win over these. */
export interface LayoutOptions {
  readonly names?: ColumnNames;
  /** Default m/s². */
  readonly accelerationUnit?: AccelerationUnit | undefined;
  /** Default rad/s. */
  readonly rotationUnit?: RotationUnit | undefined;
  readonly timeUnit?: TimeUnit | undefined;
  /** Whether a table without a single gyroscope column is taken. Default: required. */
  readonly rotation?: 'required' | 'optional';
}

/** A column, and the SI units (m/s², rad/s) or microseconds that one step in it stands for. */
export interface ScaledColumn extends Column {
  readonly scale: number;
}

/** Where the values of a sample stand. */
export interface MotionLayout {
  /** Accelerometer x, y, z, then gyroscope x, y, z: six of them, or the first three. */
  readonly axes: readonly ScaledColumn[];
  readonly time: Column | undefined;
}

/**
 * Finds the columns of motion among titles, and their units.
 *
 * @throws {SensebindError} `INPUT_INVALID` for columns that are missing or there twice, and for units that do not fit.
 */
export function motionLayout(titles: readonly string[], options: LayoutOptions): MotionLayout {
  const { axes, time } = findColumns(titles, options.names, options.rotation);
  const scaled = axes.map((column, index) => ({
    ...column,
    scale: index < 3 ? accelerationScale(column, options) : rotationScale(column, options),
  }));
  return { axes: scaled, time };
}

/** Microseconds of one step in a time column. @throws {SensebindError} `INPUT_INVALID` without a unit. */
export function timeScale({ unit, title }: Column, { timeUnit }: { readonly timeUnit?: TimeUnit | undefined }): number {
  const stated = unit ?? timeUnit;
  if (stated !== undefined && isKey(TIME_UNITS, stated)) return TIME_UNITS[stated];
  throw notMotion(
    `a time column ${JSON.stringify(title)} without a unit: state one of ${Object.keys(TIME_UNITS).join(', ')}`,
  );
}

function accelerationScale({ unit, title }: Column, { accelerationUnit = 'm/s2' }: LayoutOptions): number {
  const stated = unit ?? accelerationUnit;
  if (isKey(ACCELERATION_UNITS, stated)) return ACCELERATION_UNITS[stated];
  throw notMotion(`the unit ${stated} for acceleration in column ${JSON.stringify(title)}`);
}

function rotationScale({ unit, title }: Column, { rotationUnit = 'rad/s' }: LayoutOptions): number {
  const stated = unit ?? rotationUnit;
  if (isKey(ROTATION_UNITS, stated)) return ROTATION_UNITS[stated];
  throw notMotion(`the unit ${stated} for rotation in column ${JSON.stringify(title)}`);
}

function isKey<Table extends object>(table: Table, key: string): key is Extract<keyof Table, string> {
  return Object.hasOwn(table, key);
}

/** Text that is not a table of motion as we need it. */
export function notMotion(found: string): SensebindError {
  return new SensebindError(
    'INPUT_INVALID',
    `Expected a table of six-axis motion (m/s² with gravity, rad/s), found ${found}`,
    'Give a header line such as "t_ms,ax,ay,az,gx,gy,gz", and state units or the rate where they are others.',
  );
}

/** The separator that a line has most of: comma, semicolon or tab. */
export function delimiterOf(line: string): string {
  const count = (separator: string): number => line.split(separator).length;
  return [',', ';', '\t'].reduce((best, next) => (count(next) > count(best) ? next : best));
}
