import type { Bundle } from '../models/bundle/bundle';
import type { Clock } from './clock';
import type { Embedding } from './embedding';
import type { SensebindError } from './errors';
import type { FramePool } from './frames';
import type { EncodeTimings, Engine } from './inference/engine';
import { modalityUnknown } from './inference/engineErrors';
import { knownError } from './knownError';
import type { LaneMeter } from './laneMeter';
import type { Modality, Reading } from './reading';
import type { Window, WindowSize, WindowSpan, Windows } from './window/window';
import { windowsFor } from './window/windowsFor';

export interface SourceEncoderOptions {
  /** Id of the source. */
  readonly source: string;
  readonly modality: Modality;
  readonly bundle: Bundle;
  readonly engine: Engine;
  /** Who encodes this source with this engine; needed where several do. */
  readonly asker?: string;
  readonly size: WindowSize;
  /** Which channel of sound is listened to. */
  readonly channel: number;
  readonly pool: FramePool;
  readonly clock: Clock;
  readonly meter: LaneMeter;
  readonly onEmbedding: (embedding: Embedding, span: WindowSpan) => void;
  /** One window was lost; the source goes on. */
  readonly onFailed: (error: SensebindError) => void;
}

/** What waited longer for the encoder would reach readers after its message has expired. */
const LATEST_START_MICROS = 5_000_000;

/** Readings of one source → windows → embeddings. Whatever fails costs one window. */
export class SourceEncoder {
  readonly #options: SourceEncoderOptions;
  readonly #windows: Windows;
  readonly #underWay = new Set<Promise<void>>();

  /**
   * @throws {SensebindError} `MODALITY_UNKNOWN` when the bundle has no encoder for the source; `INPUT_UNSUPPORTED` when
   * its encoder takes no stream; `CONFIG_INVALID` for a window that is longer than what it looks at.
   */
  constructor(options: SourceEncoderOptions) {
    const { bundle, source, modality, size, channel, pool, clock, meter } = options;
    const encoder = bundle.manifest.encoders[modality];
    if (encoder === undefined) throw modalityUnknown(modality, Object.keys(bundle.manifest.encoders));
    this.#options = options;
    this.#windows = windowsFor(
      { source, modality, spec: encoder.input, preset: encoder.preset, size, channel, pool, clock },
      {
        window: (window) => this.#begin(window),
        dropped: (reason, amount) => meter.drop(reason, amount),
        gap: () => meter.gap(),
      },
    );
  }

  append(reading: Reading): void {
    this.#options.meter.reading();
    try {
      this.#windows.append(reading);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** What follows is no longer contiguous with what came before. */
  interrupt(): void {
    this.#windows.interrupt();
  }

  /** Nothing more comes: resolves when all that is complete is encoded. */
  async finish(): Promise<void> {
    this.#windows.finish();
    await this.settled();
  }

  /** Resolves when every window that is complete is dealt with. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #begin(window: Window): void {
    const { meter } = this.#options;
    meter.window();
    meter.took('age', window.completedMicros - window.monotonicEndMicros);
    const work = this.#process(window)
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        window.frame.release();
        this.#underWay.delete(work);
      });
    this.#underWay.add(work);
  }

  async #process({ input, completedMicros, flags, frame: _, ...span }: Window): Promise<void> {
    const { engine, clock, source, asker, modality, meter, onEmbedding } = this.#options;
    const { startMicros, endMicros } = span;
    const embedding = await engine.encode(modality, input, {
      source,
      ...(asker === undefined ? {} : { asker }),
      startMicros,
      endMicros,
      flags,
      deadlineMicros: completedMicros + LATEST_START_MICROS,
      onTimings: (timings) => timed(meter, timings),
    });
    meter.embedding(clock.monotonicMicros() - completedMicros);
    onEmbedding(embedding, span);
    meter.took('total', clock.monotonicMicros() - completedMicros);
  }

  #failed(error: unknown): void {
    const { source, meter, onFailed } = this.#options;
    const known = knownError(source, error);
    meter.drop(known.code.toLowerCase());
    onFailed(known);
  }
}

function timed(meter: LaneMeter, { waitingMicros, preprocessingMicros, forwardMicros }: EncodeTimings): void {
  meter.took('wait', waitingMicros);
  meter.took('preprocess', preprocessingMicros);
  meter.took('forward', forwardMicros);
}
