import { SensebindError } from '../../errors';
import type { EncoderInput } from '../../preprocess/input';
import type { Reading } from '../../reading';
import type { Place } from './pairs';
import type { Track } from './tracks';

/**
 * A picture of any kind as an input of its encoder, on the memory of the reading.
 *
 * @throws {SensebindError} `INPUT_UNSUPPORTED` for counts of a thermal camera that measures no temperatures.
 */
export function pictureInput(reading: Reading): EncoderInput | undefined {
  switch (reading.modality) {
    case 'vision': {
      const { rgb, width, height } = reading;
      return { kind: 'picture', frames: [{ rgb, width, height }] };
    }
    case 'depth': {
      const { metres, width, height, baselineFocal } = reading;
      return { kind: 'depth', metres, width, height, ...(baselineFocal === undefined ? {} : { baselineFocal }) };
    }
    case 'thermal': {
      const { values, unit, width, height } = reading;
      if (unit === 'K') return { kind: 'thermal', kelvin: values, width, height };
      throw new SensebindError(
        'INPUT_UNSUPPORTED',
        `Expected temperatures from "${reading.source}", found counts of a camera that is not radiometric`,
        'Switch the radiometric output of the camera on, or bind another source.',
      );
    }
    case 'audio':
    case 'imu':
    case 'radar':
      return undefined;
  }
}

/** What lies at a place of a track that is in memory; `undefined` for pictures. */
export function storedInput(track: Track, place: Place): EncoderInput | undefined {
  if (track.kind === 'profiles' && place.kind === 'moment') return track.profiles[place.index];
  if (track.kind === 'stretches' && place.kind === 'window') {
    return track.stretches[place.stretch]?.cut(place.fromMicros, place.toMicros);
  }
  return undefined;
}
