import type { InputSpec, SoundSpec } from '../../models/bundle/manifest';
import type { Clock } from '../clock';
import { SensebindError } from '../errors';
import type { FramePool } from '../frames';
import type { Modality } from '../reading';
import { SoundWindows } from './soundWindows';
import type { WindowEvents, WindowSize, Windows } from './window';

export interface WindowsOptions {
  readonly source: string;
  readonly modality: Modality;
  /** What the encoder of the modality takes. */
  readonly spec: InputSpec;
  readonly size: WindowSize;
  readonly channel: number;
  readonly pool: FramePool;
  readonly clock: Clock;
}

/**
 * The windows that fit an encoder's input.
 *
 * @throws {SensebindError} `INPUT_UNSUPPORTED` for encoders whose input is not made of a stream of sound.
 */
export function windowsFor({ spec, modality, ...options }: WindowsOptions, events: WindowEvents): Windows {
  if (isStream(spec)) return new SoundWindows({ ...options, spec }, events);
  throw notAStream({ spec, modality, source: options.source });
}

/** Whether there are windows for what an encoder takes. */
export function isStream(spec: InputSpec): spec is SoundSpec {
  return spec.kind === 'sound';
}

/** For an encoder that no source of a stream fits. */
export function notAStream({
  spec,
  modality,
  source,
}: Pick<WindowsOptions, 'spec' | 'modality' | 'source'>): SensebindError {
  return new SensebindError(
    'INPUT_UNSUPPORTED',
    `expected an encoder of sound for the source "${source}", found one of ${modality}, which takes ${spec.kind}`,
    'live sources are microphones and sound files; encode files of other modalities with sensebind embed',
  );
}
