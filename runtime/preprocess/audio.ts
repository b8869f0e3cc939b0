import type { InputSpec, SoundSpec } from '../../models/bundle/manifest';
import { SensebindError } from '../errors';
import type { Flag } from '../reading';
import { clipsOf, distinct } from './clips';
import type { EncoderInput, SoundInput, SoundStreamInput } from './input';
import { unsupportedInput } from './inputChecks';
import { LogMelPictures } from './logMel';
import type { Item, Prepared, Preprocessor, Preset } from './preset';
import { RecordingClips } from './recordingClips';
import { kernelForRates } from './resample';
import { checkSignals } from './signalChecks';
import { isClipped, isSilent } from './soundLevels';
import { StreamFrames } from './streamFrames';

const MAX_SECONDS = 3600;
const MAX_CHANNELS = 16;

const kaldiFbank: Preset = {
  id: 'kaldi-fbank',
  modality: 'audio',
  title: 'Kaldi log-mel filterbank of evenly spread clips',
  source: 'facebookresearch/ImageBind imagebind/data.py, torchaudio compliance.kaldi (reference/imagebind.md §3)',
  confidence: 'exact',
  create: (spec: InputSpec) => new SoundPreprocessor(soundSpec(spec, 'kaldi-fbank')),
};

export const audioPresets: readonly Preset[] = [kaldiFbank];

/**
 * `sound`, a whole recording, goes the reference's way; `soundStream`, a window of a running stream, is cut into clips
 * by the same rule, each with a cache key. The two differ in one point: a clip of a stream must not depend on the
 * window that it is looked at through, so the reference's in-place mean over overlapping clips is not repeated.
 *
 * Items are shared between calls. A recording shorter than one clip gives one item: the reference averages three that
 * are equal. Flags: `partial-window` below one clip; `clipped` and `silent` as in soundLevels.ts, of the first channel,
 * which is the one that is heard.
 */
class SoundPreprocessor implements Preprocessor {
  readonly #spec: SoundSpec;
  readonly #pictures: LogMelPictures;
  readonly #recordings: RecordingClips;
  readonly #frames: StreamFrames;

  constructor(spec: SoundSpec) {
    this.#spec = spec;
    this.#pictures = new LogMelPictures(spec);
    this.#recordings = new RecordingClips(spec);
    this.#frames = new StreamFrames(this.#pictures.fbank);
  }

  prepare(input: EncoderInput): Prepared {
    switch (input.kind) {
      case 'sound':
        return this.#prepareRecording(input);
      case 'soundStream':
        return this.#prepareStream(input);
      default:
        throw unsupportedInput(input, kaldiFbank.id, ['sound', 'soundStream']);
    }
  }

  #prepareRecording(recording: SoundInput): Prepared {
    const { channels, sampleRateHz } = recording;
    const kernel = kernelForRates({ inputRateHz: sampleRateHz, outputRateHz: this.#spec.sampleRateHz });
    checkChannels(channels);
    const length = checkSignals(channels, { name: 'sound', maxSamples: MAX_SECONDS * sampleRateHz });
    const samples = kernel.outputLength(length);
    this.#checkLength(samples);
    const items: Item[] = [];
    let clipped = false;
    let silent = true;
    for (const clip of this.#recordings.clips(recording)) {
      items.push(this.#draw(items.length, clip.samples));
      clipped ||= isClipped(clip.heard);
      silent &&= isSilent(clip.heard);
    }
    return { items, flags: this.#flags({ samples, clipped, silent }) };
  }

  #draw(index: number, clip: Float32Array): Item {
    const frameAt = (start: number) => this.#pictures.fbank.frame(clip, start);
    return this.#pictures.draw(index, { samples: clip.length, frameAt });
  }

  #prepareStream(window: SoundStreamInput): Prepared {
    const { stream, firstSample, samples } = window;
    checkFirstSample(firstSample);
    checkSignals([samples], { name: 'sound', maxSamples: MAX_SECONDS * this.#spec.sampleRateHz });
    this.#checkLength(samples.length);
    const frames = this.#frames.of(stream);
    const items = distinct(clipsOf(samples.length, this.#spec)).map(({ start, end }, index) => ({
      ...this.#pictures.draw(index, {
        samples: end - start,
        frameAt: (offset) => frames.frame(window, start + offset),
      }),
      cacheKey: `${stream}:${firstSample + start}:${end - start}`,
    }));
    const clipped = isClipped(samples);
    return { items, flags: this.#flags({ samples: samples.length, clipped, silent: isSilent(samples) }) };
  }

  #checkLength(samples: number): void {
    const { frameLength } = this.#pictures.fbank;
    if (samples >= frameLength) return;
    throw new SensebindError(
      'INPUT_INVALID',
      `Expected sound of at least ${frameLength} samples at ${this.#spec.sampleRateHz} Hz, found ${samples}`,
      `Record at least 25 ms; ${this.#spec.clipSeconds} s fill one clip.`,
    );
  }

  #flags(found: { readonly samples: number; readonly clipped: boolean; readonly silent: boolean }): Flag[] {
    const flags: Flag[] = [];
    if (found.clipped) flags.push('clipped');
    if (found.samples < Math.floor(this.#spec.clipSeconds * this.#spec.sampleRateHz)) flags.push('partial-window');
    if (found.silent) flags.push('silent');
    return flags;
  }
}

function soundSpec(spec: InputSpec, preset: string): SoundSpec {
  if (spec.kind !== 'sound') {
    throw new SensebindError(
      'PRESET_UNKNOWN',
      `Expected an encoder that takes sound for preset "${preset}", found one that takes ${spec.kind}`,
      'Correct the preset of this encoder in manifest.json.',
    );
  }
  // Within these limits every table stays below some tens of megabytes.
  const limits = [
    ['sampleRateHz', spec.sampleRateHz, 1000, 384_000],
    ['clipSeconds', spec.clipSeconds, 0.025, 600],
    ['clips', spec.clips, 1, 64],
    ['melBins', spec.melBins, 4, 1024],
    ['columns', spec.columns, 1, 16_384],
  ] as const;
  for (const [name, value, lowest, highest] of limits) {
    if (value >= lowest && value <= highest) continue;
    throw new SensebindError(
      'BUNDLE_INVALID',
      `Expected ${name} of ${lowest} to ${highest} for preset "${preset}", found ${value}`,
      'Correct the input of this encoder in manifest.json.',
    );
  }
  return spec;
}

function checkChannels({ length }: readonly Float32Array[]): void {
  if (length <= MAX_CHANNELS) return;
  throw new SensebindError(
    'INPUT_TOO_LARGE',
    `Expected sound with at most ${MAX_CHANNELS} channels, found ${length}`,
    'Pass the channels that matter; the first one is heard.',
  );
}

function checkFirstSample(firstSample: number): void {
  if (Number.isSafeInteger(firstSample) && firstSample >= 0) return;
  throw new SensebindError(
    'INPUT_INVALID',
    `Expected the number of the first sample as a whole number from 0, found ${firstSample}`,
    'Count the samples from the start of the stream.',
  );
}
