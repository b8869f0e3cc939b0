import type { InputSpec, SeriesSpec } from '../../models/bundle/manifest';
import type { Clock, Millis } from '../clock';
import { SensebindError } from '../errors';
import type { FramePool } from '../frames';
import { imuPresets } from '../preprocess/imu';
import type { Modality } from '../reading';
import { MotionWindows } from './motionWindows';
import { PICTURE_MODALITIES, PictureWindows } from './pictureWindows';
import { SoundWindows } from './soundWindows';
import type { WindowEvents, WindowSize, Windows } from './window';

export interface WindowsOptions {
  readonly source: string;
  readonly modality: Modality;
  /** What the encoder of the modality takes. */
  readonly spec: InputSpec;
  /** Its preprocessing, which may need another length of time than the spec says. */
  readonly preset?: string;
  readonly size: WindowSize;
  readonly channel: number;
  readonly pool: FramePool;
  readonly clock: Clock;
}

/** Of sound, where the configuration says nothing. */
const SOUND_WINDOW = 2000 as Millis;

/**
 * The windows that fit an encoder's input: 2 s of sound, as much motion as the encoder takes, the newest picture.
 *
 * @throws {SensebindError} `INPUT_UNSUPPORTED` for a modality whose readings are no input of this encoder;
 * `CONFIG_INVALID` for a window of motion that is longer than what the encoder looks at.
 */
export function windowsFor(options: WindowsOptions, events: WindowEvents): Windows {
  const { spec, modality, size, source, pool, clock } = options;
  if (spec.kind === 'sound') {
    const window = size.window ?? (Math.max(SOUND_WINDOW, size.hop) as Millis);
    return new SoundWindows({ ...options, spec, size: { window, hop: size.hop } }, events);
  }
  if (spec.kind === 'series' && modality === 'imu') {
    const window = motionWindow(options, spec);
    return new MotionWindows({ source, spec, size: { window, hop: size.hop }, pool, clock }, events);
  }
  const picture = PICTURE_MODALITIES.find((candidate) => candidate === modality);
  if (spec.kind === 'picture' && picture !== undefined) {
    return new PictureWindows({ source, modality: picture, size, pool, clock }, events);
  }
  throw noWindows(options);
}

/** Whether readings of a modality are the input of such an encoder. */
export function hasWindows({ spec, modality }: Pick<WindowsOptions, 'spec' | 'modality'>): boolean {
  switch (spec.kind) {
    case 'sound':
      return true;
    case 'series':
      return modality === 'imu';
    case 'picture':
      return PICTURE_MODALITIES.some((candidate) => candidate === modality);
    case 'profile':
    case 'tokens':
      return false;
  }
}

/** For a source whose readings are no input of its encoder. */
export function noWindows({
  spec,
  modality,
  source,
}: Pick<WindowsOptions, 'spec' | 'modality' | 'source'>): SensebindError {
  return new SensebindError(
    'INPUT_UNSUPPORTED',
    `expected readings that are the input of an encoder, found ${modality} from the source "${source}" and an encoder that takes ${spec.kind}`,
    'live sources are of sound, vision, depth, thermal and motion; encode others with sensebind embed',
  );
}

function motionWindow({ source, size, preset }: WindowsOptions, spec: SeriesSpec): Millis {
  const rateHz = imuPresets.find(({ id }) => id === preset)?.rateHz ?? spec.rateHz;
  const longest = ((1000 * spec.samples) / rateHz) as Millis;
  if (size.window === undefined || size.window <= longest) return size.window ?? longest;
  throw new SensebindError(
    'CONFIG_INVALID',
    `expected a window of at most ${longest / 1000}s for the source "${source}", which is all that its encoder looks at, found ${size.window / 1000}s`,
    'leave the window out',
  );
}
