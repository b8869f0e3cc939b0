import type { SoundSpec } from '../../models/bundle/manifest';
import { Fbank } from './fbank';
import type { Item } from './preset';

/** ImageBind's AudioSet statistics: the deviation is doubled, as in AST (reference/imagebind.md §3.1). */
const MEAN = -4.268;
const DEVIATION = 9.138;

/** A clip as its filterbank frames. */
export interface LogMelClip {
  /** How many samples it has. */
  readonly samples: number;
  /** The frame that begins at this sample of the clip; need be valid until the next one only. */
  readonly frameAt: (start: number) => Float32Array;
}

/**
 * The encoder's log-mel pictures `[1, 1, melBins, columns]`, mel rising downwards, time to the right. Columns without
 * a frame hold 0 in the log-mel domain, which is louder than silence: so does the reference.
 */
export class LogMelPictures {
  readonly fbank: Fbank;
  readonly #shape: readonly number[];
  readonly #columns: number;
  readonly #pictures: Float32Array[] = [];

  constructor({ sampleRateHz, melBins, columns }: SoundSpec) {
    this.fbank = new Fbank({ sampleRateHz, melBins });
    this.#shape = [1, 1, melBins, columns];
    this.#columns = columns;
  }

  /** Picture number `index` of a window. Valid until the same number is drawn again. */
  draw(index: number, { samples, frameAt }: LogMelClip): Item {
    const { fbank } = this;
    const data = this.#picture(index);
    const frames = Math.min(fbank.frames(samples), this.#columns);
    for (let column = 0; column < frames; column++) {
      const energies = frameAt(column * fbank.frameShift);
      for (let bin = 0; bin < fbank.melBins; bin++) {
        data[bin * this.#columns + column] = ((energies[bin] ?? 0) - MEAN) / DEVIATION;
      }
    }
    for (let bin = 0; bin < fbank.melBins; bin++) {
      data.fill((0 - MEAN) / DEVIATION, bin * this.#columns + frames, (bin + 1) * this.#columns);
    }
    return { data, shape: this.#shape };
  }

  #picture(index: number): Float32Array {
    const picture = this.#pictures[index] ?? new Float32Array(this.fbank.melBins * this.#columns);
    this.#pictures[index] = picture;
    return picture;
  }
}
