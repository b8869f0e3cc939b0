import { MOTION_RATE_HZ } from '../motion/motionPart';
import { MotionTrack } from '../motion/motionTrack';
import { RADAR_BIN_METRES, renderRadar } from '../radar';
import { perceivedBy } from '../scene';
import { SoundTrack } from '../sound/soundTrack';
import { SOUND_RATE_HZ } from '../sound/voice';
import type { World } from '../world';
import type { ReadingHead, SensorStream } from './sensorStream';

const BLOCKS_HZ = 20;

/** 16 kHz sound in blocks of 50 ms. */
export function soundStream(world: World): SensorStream {
  const track = new Continued((fromSeconds) => new SoundTrack(world.place, { fromSeconds }));
  return {
    modality: 'audio',
    rateHz: BLOCKS_HZ,
    timedBy: 'start',
    read: async (step, head) => {
      const heard = perceivedBy(world.sceneBetween(step / BLOCKS_HZ, (step + 1) / BLOCKS_HZ), 'audio');
      const samples = track.at(step, BLOCKS_HZ).next(SOUND_RATE_HZ / BLOCKS_HZ, heard.happenings);
      return { ...simulated(head), modality: 'audio', sampleRateHz: SOUND_RATE_HZ, channels: [samples] };
    },
  };
}

/** Six axes at 200 Hz in blocks of 50 ms. */
export function motionStream(world: World): SensorStream {
  const track = new Continued((fromSeconds) => new MotionTrack(world.place, { fromSeconds }));
  const samples = MOTION_RATE_HZ / BLOCKS_HZ;
  return {
    modality: 'imu',
    rateHz: BLOCKS_HZ,
    timedBy: 'start',
    read: async (step, head) => {
      const felt = perceivedBy(world.sceneBetween(step / BLOCKS_HZ, (step + 1) / BLOCKS_HZ), 'imu');
      const [x, y, z, roll, pitch, yaw] = track.at(step, BLOCKS_HZ).next(samples, felt.happenings);
      const sampleMicros = Float64Array.from(
        { length: samples },
        (_, index) => head.monotonicMicros + Math.round((index * 1e6) / MOTION_RATE_HZ),
      );
      return {
        ...simulated(head),
        modality: 'imu',
        sampleMicros,
        acceleration: [x, y, z],
        angularVelocity: [roll, pitch, yaw],
      };
    },
  };
}

/** Range profiles of a radar. */
export function radarStream(world: World, { rateHz = 10 }: { readonly rateHz?: number } = {}): SensorStream {
  return {
    modality: 'radar',
    rateHz,
    timedBy: 'end',
    read: async (step, head) => {
      const atSeconds = (step + 1) / rateHz;
      const profile = renderRadar(world.sceneBetween(atSeconds, atSeconds + 1e-3), { atSeconds, frame: step });
      return { ...simulated(head), modality: 'radar', profile, binMetres: RADAR_BIN_METRES };
    },
  };
}

/** What every simulated reading says of itself. */
export function simulated(head: ReadingHead) {
  const { source, timeMicros, monotonicMicros, flags } = head;
  return { source, timeMicros, monotonicMicros, clockQuality: 'simulated', flags: ['simulated', ...flags] } as const;
}

/** A track that goes on from one step to the next, and is started anew after a leap. */
class Continued<Track> {
  readonly #start: (fromSeconds: number) => Track;
  #track: Track | undefined;
  #next = 0;

  constructor(start: (fromSeconds: number) => Track) {
    this.#start = start;
  }

  at(step: number, rateHz: number): Track {
    if (this.#track === undefined || step !== this.#next) this.#track = this.#start(step / rateHz);
    this.#next = step + 1;
    return this.#track;
  }
}
