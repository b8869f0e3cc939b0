import type { EncoderManifest } from '../../../models/bundle/manifest';
import type { Clock, Micros, Millis } from '../../clock';
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

interface Stream {
  readonly windows: Windows;
  /** Of its last reading, on the monotonic clock of the recorder's run. */
  endMicros: Micros;
}

/** Cuts the readings of any number of sources into inputs of one encoder. */
export class WindowCutter {
  readonly pool = new FramePool(FRAME_LIMITS);
  readonly #options: WindowCutterOptions;
  readonly #streams = new Map<string, Stream>();
  #ready: Window[] = [];
  #nextProfileMicros = Number.NEGATIVE_INFINITY;

  constructor(options: WindowCutterOptions) {
    this.#options = options;
  }

  /** What is complete with this reading; each is valid until the next is asked for. */
  *inputsOf(reading: Reading): Generator<EncoderInput, void> {
    if (reading.modality === 'radar') {
      if (reading.monotonicMicros < this.#nextProfileMicros) return;
      this.#nextProfileMicros = reading.monotonicMicros + this.#options.hop * 1000;
      yield { kind: 'profile', strengths: reading.profile, binMetres: reading.binMetres };
      return;
    }
    this.#streamOf(reading).windows.append(reading);
    yield* this.#handOver();
  }

  /** What is left at the end of a recording, or of one run of the recorder. */
  *rest(): Generator<EncoderInput, void> {
    for (const { windows } of this.#streams.values()) windows.finish();
    this.#streams.clear();
    this.#nextProfileMicros = Number.NEGATIVE_INFINITY;
    yield* this.#handOver();
  }

  *#handOver(): Generator<EncoderInput, void> {
    for (let window = this.#ready.shift(); window !== undefined; window = this.#ready.shift()) {
      try {
        yield window.input;
      } finally {
        window.frame.release();
      }
    }
  }

  /** A gap ends what came before it: scenes that were recorded one by one are as long as a window and no longer. */
  #streamOf(reading: Reading): Stream {
    const { source } = reading;
    const known = this.#streams.get(source);
    const isNext = known !== undefined && startOf(reading) - known.endMicros <= this.#options.hop * 1000;
    if (!isNext) known?.windows.finish();
    const stream = isNext ? known : { windows: this.#open(reading), endMicros: 0 };
    stream.endMicros = endOf(reading);
    this.#streams.set(source, stream);
    return stream;
  }

  #open({ source, modality }: Reading): Windows {
    const { encoder, hop, clock } = this.#options;
    const { input: spec, preset } = encoder;
    // Left to itself, a window of sound is as long as the hop.
    const size = spec.kind === 'sound' ? { window: (spec.clipSeconds * 1000) as Millis, hop } : { hop };
    return windowsFor(
      { source, modality, spec, preset, size, channel: 0, pool: this.pool, clock },
      { window: (window) => void this.#ready.push(window), dropped: () => undefined, gap: () => undefined },
    );
  }
}

function startOf(reading: Reading): Micros {
  return (reading.modality === 'imu' ? reading.sampleMicros[0] : undefined) ?? reading.monotonicMicros;
}

function endOf(reading: Reading): Micros {
  switch (reading.modality) {
    case 'audio':
      return reading.monotonicMicros + ((reading.channels[0]?.length ?? 0) * 1e6) / reading.sampleRateHz;
    case 'imu':
      return reading.sampleMicros.at(-1) ?? reading.monotonicMicros;
    default:
      return reading.monotonicMicros;
  }
}
