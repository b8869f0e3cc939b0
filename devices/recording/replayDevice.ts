import Type from '#typebox';
import type { Micros } from '../../runtime/clock';
import { SensebindError } from '../../runtime/errors';
import type { Driver, Modality, Reading, ReadingSink } from '../../runtime/reading';
import { type DeviceContext, type DeviceDeclaration, declareDevice, resolvePath } from '../device';
import type { RecordedChannel } from './channels';
import type { RecordedItem } from './readRecording';
import { type Pacing, replayInTime } from './replay';

const MODALITIES = ['audio', 'imu', 'vision', 'depth', 'thermal', 'radar'] as const;

/** One source of a recording as a device: `replay-audio`, `replay-imu` and so on. */
export const replayDevices: readonly DeviceDeclaration[] = MODALITIES.map((modality) =>
  declareDevice({
    kind: `replay-${modality}`,
    modality,
    title: `Recorded ${modality}, replayed`,
    options: Type.Object(
      {
        kind: Type.Literal(`replay-${modality}`),
        path: Type.String({ minLength: 1, maxLength: 4096, description: 'Folder or file of a recording.' }),
        source: Type.String({ minLength: 1, maxLength: 64, description: 'Id of the source in the recording.' }),
        speed: Type.Optional(
          Type.Number({ exclusiveMinimum: 0, maximum: 1000, description: 'How many times as fast. Default: 1.' }),
        ),
      },
      { additionalProperties: false },
    ),
    inputs: ['path'],
    open: ({ path, source, speed = 1 }, context) =>
      new ReplayDriver({ modality, path: resolvePath(path, context), source, speed }, context),
  }),
);

interface ReplayedSource {
  readonly modality: Modality;
  readonly path: string;
  readonly source: string;
  readonly speed: number;
}

/**
 * Plays one source of a recording by the clock of this machine. Wall times are those of the recording; monotonic times
 * are moved to this machine's clock as one, so that all sources of a recording stay in step.
 */
class ReplayDriver implements Driver {
  readonly #replayed: ReplayedSource;
  readonly #context: DeviceContext;

  constructor(replayed: ReplayedSource, context: DeviceContext) {
    this.#replayed = replayed;
    this.#context = context;
  }

  get modality(): Modality {
    return this.#replayed.modality;
  }

  async run(sink: ReadingSink, signal: AbortSignal): Promise<void> {
    const { path, source, modality, speed } = this.#replayed;
    const { clock, memory } = this.#context;
    const others = new Set<string>();
    let isThere = false;
    const wants = (channel: RecordedChannel): boolean => {
      if (channel.kind === 'loss') return channel.source === source;
      if (channel.kind !== 'reading') return false;
      const isWanted = channel.source === source && channel.modality === modality;
      if (isWanted) isThere = true;
      else others.add(`${channel.source} (${channel.modality})`);
      return isWanted;
    };
    await replayInTime(path, { memory, wants, clock, speed, signal }, (item, pacing) => this.#hand(item, pacing, sink));
    if (!isThere && !signal.aborted) throw absent(this.#replayed, [...others]);
  }

  #hand(item: RecordedItem, pacing: Pacing | undefined, sink: ReadingSink): void {
    switch (item.kind) {
      case 'reading': {
        const offsetMicros = pacing === undefined ? 0 : pacing.beganMicros - pacing.start.startMonotonicMicros;
        sink.reading({ ...moved(item.reading, offsetMicros), source: this.#context.source });
        break;
      }
      case 'loss':
        sink.lost(item.loss.reason, item.loss.amount);
        break;
      case 'no-memory':
        sink.lost('memory', 1);
        break;
      case 'corrupt':
        sink.lost('corrupt-bytes', item.byteLength);
        break;
      case 'cut':
        if (item.restBytes > 0) sink.lost('corrupt-bytes', item.restBytes);
        break;
      case 'session':
      case 'embedding':
      case 'document':
    }
  }
}

/** The same reading on another monotonic clock. */
export function moved(reading: Reading, offsetMicros: Micros): Reading {
  const monotonicMicros = Math.round(reading.monotonicMicros + offsetMicros);
  if (reading.modality !== 'imu') return { ...reading, monotonicMicros };
  return {
    ...reading,
    monotonicMicros,
    sampleMicros: reading.sampleMicros.map((micros) => Math.round(micros + offsetMicros)),
  };
}

function absent({ path, source, modality }: ReplayedSource, others: readonly string[]): SensebindError {
  return new SensebindError(
    'CONFIG_INVALID',
    `expected ${modality} of the source "${source}" in ${path}, found ${others.join(', ') || 'no reading'}`,
    'use one of the sources that sensebind replay --info lists',
  );
}
