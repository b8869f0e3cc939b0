import type { RecordedChannel } from '../../../devices/recording/channels';
import { type RecordedItem, readRecording } from '../../../devices/recording/readRecording';
import type { Micros } from '../../clock';
import { SensebindError } from '../../errors';
import { FramePool } from '../../frames';
import type { ProfileInput } from '../../preprocess/input';
import type { Reading } from '../../reading';
import { type Stretch, StretchBuilder } from './stretch';

/** What one source read in one session, on its monotonic clock. Pictures are left in the recording. */
export type Track =
  | { readonly kind: 'pictures'; readonly micros: readonly Micros[] }
  | { readonly kind: 'profiles'; readonly micros: readonly Micros[]; readonly profiles: readonly ProfileInput[] }
  | { readonly kind: 'stretches'; readonly stretches: readonly Stretch[] };

/** Both sources in one run of a recorder: times of different runs cannot be compared. */
export interface Session {
  /** Which of the recordings, and which run in it, from 0. */
  readonly recording: number;
  readonly run: number;
  readonly anchor: Track;
  readonly sensor: Track;
}

/** Ids of the two sources that are bound to each other. */
export interface Sources {
  readonly anchor: string;
  readonly sensor: string;
}

export interface Survey {
  readonly sessions: readonly Session[];
  /** Places in the recordings that could not be read. */
  readonly damaged: number;
  /** Of their readings. */
  readonly modalities: { readonly anchor: Reading['modality']; readonly sensor: Reading['modality'] };
}

const SIDES = ['anchor', 'sensor'] as const;
export type Side = (typeof SIDES)[number];

/** Of sound, motion and profiles, which stay in memory. */
const MOST_BYTES = 2 ** 31;

/** Pictures are handed on one at a time; a few are in the hands of the encoder's worker. */
const FRAME_LIMITS = { frames: 32, bytes: 2 ** 28 } as const;

/**
 * Reads when each of two sources read something, and what, but for pictures.
 *
 * @throws {SensebindError} `INPUT_INVALID` when one of them is in no recording, or reads several modalities;
 * `INPUT_TOO_LARGE` for more than memory is for; what reading a recording throws.
 */
export async function surveyRecordings(
  paths: readonly string[],
  sources: Sources,
  options: { readonly signal?: AbortSignal | undefined; readonly onRead?: (readings: number) => void },
): Promise<Survey> {
  const sessions: Session[] = [];
  const modalities: Record<Side, Set<Reading['modality']>> = { anchor: new Set(), sensor: new Set() };
  const others = new Set<string>();
  let [read, bytes, damaged] = [0, 0, 0];
  const onDamaged = (): void => void damaged++;
  for (const [recording, path] of paths.entries()) {
    const builders = new Map<number, Record<Side, TrackBuilder>>();
    for await (const { side, run, reading } of readingsOf(path, sources, { ...options, others, onDamaged })) {
      bytes += keptBytes(reading);
      if (bytes > MOST_BYTES) throw tooLarge(path);
      const ofRun = builders.get(run) ?? { anchor: new TrackBuilder(), sensor: new TrackBuilder() };
      builders.set(run, ofRun);
      ofRun[side].add(reading);
      modalities[side].add(reading.modality);
      options.onRead?.(++read);
    }
    for (const [run, { anchor, sensor }] of builders) {
      sessions.push({ recording, run, anchor: anchor.finish(), sensor: sensor.finish() });
    }
  }
  const one = (side: Side): Reading['modality'] => {
    const [modality, ...more] = modalities[side];
    if (modality === undefined || more.length > 0) throw noSource(sources[side], [modality, ...more], others);
    return modality;
  };
  return { sessions, damaged, modalities: { anchor: one('anchor'), sensor: one('sensor') } };
}

/** A reading of one of the two sources; its frame is held until the next one is asked for. */
export interface SourceReading {
  readonly side: Side;
  /** Which run of the recorder, from 0. */
  readonly run: number;
  /** How many readings of this side came before it in its run. */
  readonly index: number;
  readonly reading: Reading;
}

interface ReadingsOptions {
  readonly signal?: AbortSignal | undefined;
  /** Gets the sources that are not wanted. */
  readonly others?: Set<string>;
  /** Called for each place that could not be read. */
  readonly onDamaged?: () => void;
}

/** The readings of two sources, in their order: the same each time. */
export async function* readingsOf(
  path: string,
  sources: Sources,
  { signal, others, onDamaged }: ReadingsOptions,
): AsyncGenerator<SourceReading> {
  let run = -1;
  let counts: Record<Side, number> = { anchor: 0, sensor: 0 };
  for await (const item of readRecording(path, {
    memory: new FramePool(FRAME_LIMITS),
    wants: wanted(sources, others),
  })) {
    signal?.throwIfAborted();
    if (item.kind === 'session') {
      run++;
      counts = { anchor: 0, sensor: 0 };
    }
    if (item.kind === 'no-memory') throw outOfMemory(item);
    if (item.kind === 'corrupt' || item.kind === 'cut') onDamaged?.();
    if (item.kind !== 'reading') continue;
    for (const side of SIDES) {
      if (item.source === sources[side]) yield { side, run, index: counts[side]++, reading: item.reading };
    }
  }
}

function wanted(sources: Sources, others: Set<string> | undefined): (channel: RecordedChannel) => boolean {
  return (channel) => {
    if (channel.kind !== 'reading') return false;
    const isWanted = SIDES.some((side) => sources[side] === channel.source);
    if (!isWanted) others?.add(`${channel.source} (${channel.modality})`);
    return isWanted;
  };
}

class TrackBuilder {
  readonly #micros: Micros[] = [];
  readonly #profiles: ProfileInput[] = [];
  readonly #stretches = new StretchBuilder();
  #kind: Track['kind'] = 'pictures';

  add(reading: Reading): void {
    switch (reading.modality) {
      case 'imu':
        this.#kind = 'stretches';
        this.#stretches.motion(reading);
        break;
      case 'audio':
        this.#kind = 'stretches';
        this.#stretches.sound(reading);
        break;
      case 'radar':
        this.#kind = 'profiles';
        this.#profiles.push({ kind: 'profile', strengths: reading.profile, binMetres: reading.binMetres });
        this.#micros.push(reading.monotonicMicros);
        break;
      case 'vision':
      case 'depth':
      case 'thermal':
        this.#kind = 'pictures';
        this.#micros.push(reading.monotonicMicros);
    }
  }

  finish(): Track {
    switch (this.#kind) {
      case 'pictures':
        return { kind: 'pictures', micros: this.#micros };
      case 'profiles':
        return { kind: 'profiles', micros: this.#micros, profiles: this.#profiles };
      case 'stretches':
        return { kind: 'stretches', stretches: this.#stretches.finish() };
    }
  }
}

/** What a track keeps of a reading. */
function keptBytes(reading: Reading): number {
  switch (reading.modality) {
    case 'audio':
      return bytesOf(reading.channels);
    case 'imu':
      return bytesOf([reading.sampleMicros, ...reading.acceleration, ...(reading.angularVelocity ?? [])]);
    case 'radar':
      return reading.profile.byteLength;
    case 'vision':
    case 'depth':
    case 'thermal':
      return 0;
  }
}

function bytesOf(arrays: readonly { readonly byteLength: number }[]): number {
  return arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

function tooLarge(path: string): SensebindError {
  return new SensebindError(
    'INPUT_TOO_LARGE',
    `Expected sound, motion and profiles of at most ${MOST_BYTES} bytes in all recordings, found more in ${path}`,
    'Bind with fewer or shorter recordings, or record sound at 16 kHz with one channel: an hour holds thousands of moments.',
  );
}

function noSource(source: string, found: readonly (string | undefined)[], others: ReadonlySet<string>): SensebindError {
  const modalities = found.filter((modality) => modality !== undefined);
  return new SensebindError(
    'INPUT_INVALID',
    `Expected readings of one modality from the source "${source}", found ${modalities.join(' and ') || `none; others are ${[...others].join(', ') || 'none'}`}`,
    'Name sources that sensebind replay RECORDING --info lists; record both at the same time.',
  );
}

function outOfMemory({ source }: RecordedItem & { readonly kind: 'no-memory' }): SensebindError {
  return new SensebindError(
    'QUEUE_FULL',
    `Expected memory for a picture of "${source}", found all of it in use`,
    'Record smaller pictures.',
  );
}
