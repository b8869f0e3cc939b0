import { type Command, InvalidArgumentError, Option } from 'commander';
import { type DepthUnit, METRES_PER_DEPTH_UNIT } from '../../devices/depth/units';
import {
  ACCELERATION_UNITS,
  type AccelerationUnit,
  AXES,
  type ColumnNames,
  ROTATION_UNITS,
  type RotationUnit,
  TIME_UNITS,
  type TimeUnit,
} from '../../devices/imu/columns';
import { KELVIN_PER_THERMAL_UNIT, type ThermalUnit } from '../../devices/thermal/raw';
import type { FileOptions } from './files';

/** As commander hands them over, checked by its `choices` and the parsers below. */
export interface FileFlags {
  readonly depthUnit: DepthUnit;
  readonly thermalUnit?: ThermalUnit;
  readonly thermalSize?: { readonly width: number; readonly height: number };
  readonly imuRate?: number;
  readonly imuAccelerationUnit?: AccelerationUnit;
  readonly imuRotationUnit?: RotationUnit;
  readonly imuTimeUnit?: TimeUnit;
  readonly imuColumns?: ColumnNames;
  readonly binMetres?: number;
}

/** Adds the options that tell what files do not say of themselves. */
export function addFileOptions(command: Command): Command {
  return command
    .addOption(choice('--depth-unit <unit>', 'one step of a 16-bit depth PNG', METRES_PER_DEPTH_UNIT).default('mm'))
    .addOption(
      choice('--thermal-unit <unit>', 'one step of radiometric thermal; FLIR Lepton: cK', KELVIN_PER_THERMAL_UNIT),
    )
    .option('--thermal-size <WxH>', 'size of raw 16-bit thermal frames, for example 160x120', parseSize)
    .option('--imu-rate <hertz>', 'rate of a motion table without times', parsePositive)
    .addOption(
      choice('--imu-acceleration-unit <unit>', 'where the table does not say: default m/s2', ACCELERATION_UNITS),
    )
    .addOption(choice('--imu-rotation-unit <unit>', 'where the table does not say: default rad/s', ROTATION_UNITS))
    .addOption(choice('--imu-time-unit <unit>', 'where the title of the time does not say', TIME_UNITS))
    .option('--imu-columns <names>', 'titles of a motion table: ax=TITLE,ay=TITLE,…,gz=TITLE,t=TITLE', parseColumns)
    .option(
      '--bin-metres <metres>',
      'files of numbers are range profiles, each number so far from the one before',
      parsePositive,
    );
}

/** The flags in the form that the readers take. */
export function fileOptions(flags: FileFlags): Omit<FileOptions, 'as'> {
  return {
    depthUnit: flags.depthUnit,
    ...(flags.thermalUnit === undefined ? {} : { thermalUnit: flags.thermalUnit }),
    ...(flags.thermalSize === undefined ? {} : { thermalSize: flags.thermalSize }),
    ...(flags.binMetres === undefined ? {} : { binMetres: flags.binMetres }),
    motion: {
      ...(flags.imuRate === undefined ? {} : { rateHz: flags.imuRate }),
      ...(flags.imuAccelerationUnit === undefined ? {} : { accelerationUnit: flags.imuAccelerationUnit }),
      ...(flags.imuRotationUnit === undefined ? {} : { rotationUnit: flags.imuRotationUnit }),
      ...(flags.imuTimeUnit === undefined ? {} : { timeUnit: flags.imuTimeUnit }),
      ...(flags.imuColumns === undefined ? {} : { columns: flags.imuColumns }),
    },
  };
}

function choice(flags: string, description: string, table: object): Option {
  return new Option(flags, description).choices(Object.keys(table));
}

function parseSize(text: string): { readonly width: number; readonly height: number } {
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(text) ?? [];
  if (Number(width) > 0 && Number(height) > 0) return { width: Number(width), height: Number(height) };
  throw new InvalidArgumentError('Expected a size such as 160x120.');
}

function parsePositive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('Expected a positive number.');
}

function parseColumns(text: string): ColumnNames {
  const names: readonly string[] = [...AXES, 't'];
  const pairs = text.split(',').map((pair) => {
    const [name = '', ...title] = pair.split('=');
    if (!names.includes(name) || title.length === 0) {
      throw new InvalidArgumentError(`Expected NAME=TITLE with a name of ${names.join(', ')}.`);
    }
    return [name, title.join('=')];
  });
  return Object.fromEntries(pairs);
}
