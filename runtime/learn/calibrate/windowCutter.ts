import type { EncoderManifest } from '../../../models/bundle/manifest';
import type { Clock, Millis } from '../../clock';
import { FramePool } from '../../frames';
import type { EncoderInput } from '../../preprocess/input';
import type { Reading } from '../../reading';
import type { Window, Windows } from '../../window/window';
import { windowsFor } from '../../window/windowsFor';

/** Pictures and windows are handed on one at a time. */
const FRAME_LIMITS = { frames: 32, bytes: 2 ** 28 } as const;

export interface WindowCutterOptions {
  readonly encoder: EncoderManifest;
  /** From the start of one window to that of the next. */
  readonly hop: Millis;
  readonly clock: Clock;
}

/** Cuts the readings of any number of sources into inputs of one encoder. */
export class WindowCutter {
  readonly pool = new FramePool(FRAME_LIMITS);
  readonly #options: WindowCutterOptions;
  readonly #ofSource = new Map<string, Windows>();
  #ready: Window[] = [];
  #nextProfileMicros = Number.NEGATIVE_INFINITY;

  constructor(options: WindowCutterOptions) {
    this.#options = options;
  }

  /** What comes next is of another run of the recorder. */
  forget(): void {
    this.#ofSource.clear();
    this.#nextProfileMicros = Number.NEGATIVE_INFINITY;
  }

  /** What is complete with this reading; each is valid until the next is asked for. */
  *inputsOf(reading: Reading): Generator<EncoderInput, void> {
    if (reading.modality === 'radar') {
      if (reading.monotonicMicros < this.#nextProfileMicros) return;
      this.#nextProfileMicros = reading.monotonicMicros + this.#options.hop * 1000;
      yield { kind: 'profile', strengths: reading.profile, binMetres: reading.binMetres };
      return;
    }
    this.#windowsOf(reading).append(reading);
    const ready = this.#ready;
    this.#ready = [];
    for (const { input, frame } of ready) {
      try {
        yield input;
      } finally {
        frame.release();
      }
    }
  }

  #windowsOf({ source, modality }: Reading): Windows {
    const known = this.#ofSource.get(source);
    if (known !== undefined) return known;
    const { encoder, hop, clock } = this.#options;
    const { input: spec, preset } = encoder;
    // Left to itself, a window of sound is as long as the hop.
    const size = spec.kind === 'sound' ? { window: (spec.clipSeconds * 1000) as Millis, hop } : { hop };
    const windows = windowsFor(
      { source, modality, spec, preset, size, channel: 0, pool: this.pool, clock },
      { window: (window) => void this.#ready.push(window), dropped: () => undefined, gap: () => undefined },
    );
    this.#ofSource.set(source, windows);
    return windows;
  }
}
