import { open, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { readWav, unreadable } from '../../devices/audio/readWav';
import { type DepthUnit, depthOf } from '../../devices/depth/units';
import { type MotionCsvOptions, readMotionCsv } from '../../devices/imu/csv';
import { readProfileText } from '../../devices/radar/profileText';
import {
  KELVIN_PER_THERMAL_UNIT,
  readThermalRaw,
  TELEMETRY_ROWS,
  type ThermalUnit,
  thermalOf,
} from '../../devices/thermal/raw';
import { SensebindError } from '../errors';
import { type FileContent, HEAD_BYTES, sniff } from '../preprocess/fileContent';
import type { EncoderInput } from '../preprocess/input';
import { decodeGray16 } from '../preprocess/pictureFile';
import type { Modality } from '../reading';
import { located } from './located';

/** How to read what a file does not say of itself. */
export interface FileOptions {
  /** Modality to read every file as; without, the content tells. */
  readonly as?: Modality;
  readonly depthUnit: DepthUnit;
  readonly thermalUnit?: ThermalUnit;
  readonly thermalSize?: { readonly width: number; readonly height: number };
  readonly motion: MotionCsvOptions;
  /** Says that text is a range profile. */
  readonly binMetres?: number;
}

/** A file, ready for its encoder. */
export interface InputFile {
  readonly label: string;
  readonly modality: Modality;
  readonly input: EncoderInput;
  /** What was noticed while reading, in words. */
  readonly notes: readonly string[];
}

/** No picture, frame or table that an encoder can use is larger. Sound has its own limit, in samples. */
const LIMIT_BYTES = 2 ** 28;

/**
 * Reads a sensor file: PNG or JPEG, WAV, 16-bit depth PNG, radiometric thermal (raw words or 16-bit PNG), motion CSV.
 * The content decides, not the name; where content cannot (depth or thermal, raw words), the options do.
 *
 * @throws {SensebindError} `FILE_UNREADABLE`; `INPUT_UNSUPPORTED` for content that is none of these; the readers' errors.
 */
export async function readInputFile(file: string, options: FileOptions): Promise<InputFile> {
  const { size, head } = await headOf(file);
  const content = sniff(head);
  if (content.kind === 'wav') return sound(file, options);
  if (size > LIMIT_BYTES) throw tooLarge(file, size);
  const bytes = await readFile(file).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  const decoded = await decode({ content, bytes }, options).catch((error: unknown) => {
    throw located(error, file);
  });
  return { label: path.basename(file), notes: [], ...decoded };
}

interface Source {
  readonly content: Exclude<FileContent, { readonly kind: 'wav' }>;
  readonly bytes: Uint8Array;
}

type Decoded = Pick<InputFile, 'modality' | 'input'> & Partial<Pick<InputFile, 'notes'>>;

async function decode({ content, bytes }: Source, options: FileOptions): Promise<Decoded> {
  switch (content.kind) {
    case 'png':
      return decodePng({ gray16: content.gray16, bytes }, options);
    case 'jpeg':
      return { modality: options.as ?? 'vision', input: { kind: 'pictureFile', bytes } };
    case 'text':
      if (options.binMetres !== undefined) return profile(bytes, { ...options, binMetres: options.binMetres });
      return isRawFrame(bytes, options) ? rawThermal(bytes, options) : motion(bytes, options);
    case 'empty':
      throw new SensebindError(
        'INPUT_INVALID',
        'Expected a picture, sound, frame or table of motion, found an empty file',
        'Record or copy the file again.',
      );
    case 'binary':
      return rawThermal(bytes, options);
  }
}

/** Words around room temperature in hundredths of a kelvin are letters as text: a wall is no table of motion. */
function isRawFrame({ length }: Uint8Array, { as, thermalSize }: FileOptions): boolean {
  if (as !== undefined || thermalSize === undefined) return as === 'thermal';
  const rows = length / (2 * thermalSize.width);
  return Number.isInteger(rows) && rows >= thermalSize.height && rows <= thermalSize.height + TELEMETRY_ROWS;
}

function rawThermal(bytes: Uint8Array, options: FileOptions): Decoded {
  const picture = readThermalRaw(bytes, { ...requireThermalSize(options), unit: requireThermalUnit(options) });
  return { modality: options.as ?? 'thermal', input: { kind: 'thermal', ...picture } };
}

async function decodePng(
  { gray16, bytes }: { readonly gray16: boolean; readonly bytes: Uint8Array },
  options: FileOptions,
): Promise<Decoded> {
  if (options.as === 'thermal' && gray16) {
    const picture = thermalOf(await decodeGray16(bytes), { unit: requireThermalUnit(options) });
    return { modality: 'thermal', input: { kind: 'thermal', ...picture } };
  }
  if (options.as === 'depth' || (gray16 && options.as !== 'vision')) {
    const picture = depthOf(await decodeGray16(bytes), { unit: options.depthUnit });
    return { modality: options.as ?? 'depth', input: { kind: 'depth', ...picture } };
  }
  return { modality: options.as ?? 'vision', input: { kind: 'pictureFile', bytes } };
}

function motion(bytes: Uint8Array, options: FileOptions): Decoded {
  const { axes, timing, skippedRows } = readMotionCsv(bytes, options.motion);
  return {
    modality: options.as ?? 'imu',
    input: { kind: 'motion', axes, timing },
    notes: skippedRows === 0 ? [] : [`${skippedRows} row(s) without a value or with a repeated time were left out`],
  };
}

function profile(bytes: Uint8Array, { as, binMetres }: FileOptions & { readonly binMetres: number }): Decoded {
  return { modality: as ?? 'radar', input: { kind: 'profile', strengths: readProfileText(bytes), binMetres } };
}

async function sound(file: string, options: FileOptions): Promise<InputFile> {
  const { sampleRateHz, channels, truncated } = await readWav(file).catch((error: unknown) => {
    throw located(error, file);
  });
  return {
    label: path.basename(file),
    modality: options.as ?? 'audio',
    input: { kind: 'sound', sampleRateHz, channels },
    notes: truncated ? ['the file is shorter than its header says'] : [],
  };
}

async function headOf(file: string): Promise<{ readonly size: number; readonly head: Buffer }> {
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new Error('it is not a regular file');
    const handle = await open(file, 'r');
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      return { size: found.size, head: buffer.subarray(0, bytesRead) };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unreadable(file, error);
  }
}

function requireThermalSize({ thermalSize }: FileOptions): { readonly width: number; readonly height: number } {
  if (thermalSize !== undefined) return thermalSize;
  throw new SensebindError(
    'INPUT_UNSUPPORTED',
    'Expected a PNG, JPEG, WAV or table of motion, found other bytes',
    'For raw 16-bit thermal frames state the size and unit, for example: --thermal-size 160x120 --thermal-unit cK',
  );
}

function requireThermalUnit({ thermalUnit }: FileOptions): ThermalUnit {
  if (thermalUnit !== undefined) return thermalUnit;
  throw new SensebindError(
    'INPUT_INVALID',
    'Expected the unit of the radiometric values, found none',
    `State it: --thermal-unit ${Object.keys(KELVIN_PER_THERMAL_UNIT).join('|')} (FLIR Lepton with TLinear: cK).`,
  );
}

function tooLarge(file: string, bytes: number): SensebindError {
  return new SensebindError(
    'INPUT_TOO_LARGE',
    `${file}: expected at most ${LIMIT_BYTES} bytes, found ${bytes}`,
    'Give one frame, one picture, or the seconds of motion that matter.',
  );
}
