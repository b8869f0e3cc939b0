import type { Clock, Micros } from '../../clock';
import type { Loss, Reading } from '../../reading';
import type { SourceStatus } from '../../source';

/** How long a rate looks back. */
const WINDOW_MICROS = 3_000_000;

/** What a source did, in numbers. */
export interface SourceFigures {
  readonly state: SourceStatus['state'];
  readonly reason: string | null;
  readonly readingsPerSecond: number;
  /** Samples a second of streams: sound and motion. */
  readonly samplesPerSecond: number | null;
  readonly readings: number;
  readonly gaps: number;
  readonly lost: Readonly<Partial<Record<Loss, number>>>;
  readonly clockQuality: string | null;
}

/** Counts and rates of one source. */
export class SourceMeter {
  readonly #clock: Clock;
  #recent: { readonly atMicros: Micros; readonly samples: number }[] = [];
  #readings = 0;
  #gaps = 0;
  #lost: Partial<Record<Loss, number>> = {};
  #status: SourceStatus = { state: 'offline', reason: 'starting' };
  #last: Reading | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  reading(reading: Reading): void {
    this.#readings++;
    if (reading.flags.includes('gap')) this.#gaps++;
    this.#recent.push({ atMicros: this.#clock.monotonicMicros(), samples: samplesOf(reading) ?? 0 });
    this.#forget();
    this.#last = reading;
  }

  lost(reason: Loss, amount: number): void {
    this.#lost = { ...this.#lost, [reason]: (this.#lost[reason] ?? 0) + amount };
  }

  interrupted(): void {
    this.#gaps++;
  }

  status(status: SourceStatus): void {
    this.#status = status;
  }

  snapshot(): SourceFigures {
    this.#forget();
    const [first] = this.#recent;
    const seconds = first === undefined ? 0 : (this.#clock.monotonicMicros() - first.atMicros) / 1e6;
    // Of the first one it is not known how long it took.
    const later = this.#recent.slice(1);
    const perSecond = (total: number): number => (seconds > 0 ? total / seconds : 0);
    const isStream = this.#last !== undefined && samplesOf(this.#last) !== undefined;
    return {
      state: this.#status.state,
      reason: this.#status.reason ?? null,
      readingsPerSecond: perSecond(later.length),
      samplesPerSecond: isStream ? perSecond(later.reduce((sum, { samples }) => sum + samples, 0)) : null,
      readings: this.#readings,
      gaps: this.#gaps,
      lost: this.#lost,
      clockQuality: this.#last?.clockQuality ?? null,
    };
  }

  /** The same for a person. */
  line(): string {
    const { state, reason, readingsPerSecond, samplesPerSecond, readings, gaps, lost, clockQuality } = this.snapshot();
    const losses = Object.entries(lost).map(([why, amount]) => `${amount} ${why}`);
    return [
      reason === null ? state : `${state}: ${reason}`,
      `${readingsPerSecond.toFixed(1)} readings/s`,
      ...(samplesPerSecond === null ? [] : [`${samplesPerSecond.toFixed(0)} samples/s`]),
      `${readings} in all`,
      `${gaps} gaps`,
      ...(losses.length > 0 ? [`lost: ${losses.join(', ')}`] : []),
      ...(clockQuality === null ? [] : [`time: ${clockQuality}`]),
    ].join('  ');
  }

  #forget(): void {
    const oldest = this.#clock.monotonicMicros() - WINDOW_MICROS;
    while ((this.#recent[0]?.atMicros ?? oldest) < oldest) this.#recent.shift();
  }
}

/** Samples that a reading of a stream holds; `undefined` for pictures and profiles. */
function samplesOf(reading: Reading): number | undefined {
  if (reading.modality === 'audio') return reading.channels[0]?.length ?? 0;
  return reading.modality === 'imu' ? reading.sampleMicros.length : undefined;
}
