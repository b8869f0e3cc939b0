import type { InputSpec } from '../../../models/bundle/manifest';
import type { Micros } from '../../clock';
import { SensebindError } from '../../errors';
import { profileSpecOf } from './profileScaling';
import { motionRate, type SensorFacts } from './sensorTower';
import type { Survey, Track } from './tracks';

/**
 * What decides the input of an encoder for the new sensor, from all that it has read.
 *
 * @throws {SensebindError} `INPUT_INVALID`, `INPUT_UNSUPPORTED` for readings that no encoder can be made for.
 */
export function factsOf(
  { sessions, modalities }: Survey,
  { windowSeconds }: { readonly windowSeconds: number },
): SensorFacts {
  const tracks = sessions.map(({ sensor }) => sensor);
  switch (modalities.sensor) {
    case 'radar':
      return {
        modality: 'radar',
        profile: profileSpecOf(tracks.flatMap((track) => (track.kind === 'profiles' ? track.profiles : []))),
      };
    case 'imu':
      return { modality: 'imu', windowSeconds, ...motionOf(tracks) };
    case 'audio':
    case 'vision':
    case 'depth':
    case 'thermal':
      return { modality: modalities.sensor };
  }
}

/** How long one input of an encoder is; 0 for a moment. */
export function windowMicrosOf(input: InputSpec): Micros {
  switch (input.kind) {
    case 'sound':
      return input.clipSeconds * 1e6;
    case 'series':
      return input.windowSeconds * 1e6;
    case 'picture':
    case 'profile':
    case 'tokens':
      return 0;
  }
}

function motionOf(tracks: readonly Track[]): { readonly rateHz: number; readonly axes: number } {
  const stretches = tracks.flatMap((track) => (track.kind === 'stretches' ? track.stretches : []));
  const axes = new Set(stretches.map(({ channels }) => channels));
  const [only, ...more] = axes;
  if (only === undefined || more.length > 0) {
    throw new SensebindError(
      'INPUT_INVALID',
      `Expected motion with the same axes all the time, found ${[...axes].join(' and ') || 'none'}`,
      'Record with one setting of the sensor.',
    );
  }
  const rates = stretches.map(({ rateHz }) => rateHz).sort((left, right) => left - right);
  return { axes: only, rateHz: motionRate(rates[rates.length >> 1] ?? 0) };
}
