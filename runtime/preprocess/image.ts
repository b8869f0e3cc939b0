import type { InputSpec, PictureSpec } from '../../models/bundle/manifest';
import { SensebindError } from '../errors';
import { byteLevels, CLIP_MEAN, CLIP_STD } from './byteLevels';
import { CoverPlans } from './cropPlan';
import type { EncoderInput, Pixels } from './input';
import { checkFrame, MAX_PHOTO_PIXELS, pictureSpec, unsupportedInput } from './inputChecks';
import { decodePicture } from './pictureFile';
import type { Prepared, Preprocessor, Preset } from './preset';
import { ByteResizer } from './resize';
import { inputShape } from './tensor';

const CHANNELS = 3;

/**
 * Pictures as ImageBind's own loader prepares them (reference/imagebind.md §2.1): short side resized with Pillow's
 * 8-bit bicubic, centre crop, CLIP mean and standard deviation.
 *
 * The two frames of a clip go the same way, in their order. The reference's video loader is another one: bilinear
 * without antialias, five clips of three crops.
 */
const clip: Preset = {
  id: 'clip',
  modality: 'vision',
  title: 'CLIP picture: bicubic, centre crop, CLIP mean and standard deviation',
  source: 'facebookresearch/ImageBind imagebind/data.py (reference/imagebind.md §2.1)',
  confidence: 'exact',
  create: (spec: InputSpec) =>
    new ImagePreprocessor(pictureSpec(spec, { preset: 'clip', channels: CHANNELS, frames: 'several' })),
};

export const imagePresets: readonly Preset[] = [clip];

class ImagePreprocessor implements Preprocessor {
  readonly #spec: PictureSpec;
  readonly #plans: CoverPlans;
  readonly #resizer = new ByteResizer(CHANNELS);
  readonly #levels = CLIP_MEAN.map((mean, channel) => byteLevels(mean, CLIP_STD[channel] ?? 1));
  readonly #tensor: Float32Array;
  readonly #prepared: Prepared;

  constructor(spec: PictureSpec) {
    const shape = inputShape(spec);
    this.#spec = spec;
    this.#plans = new CoverPlans(spec);
    this.#tensor = new Float32Array(shape.reduce((product, size) => product * size, 1));
    this.#prepared = { items: [{ data: this.#tensor, shape: [1, ...shape] }], flags: [] };
  }

  prepare(input: EncoderInput): Prepared | Promise<Prepared> {
    switch (input.kind) {
      case 'picture':
        return this.#prepareFrames(input.frames);
      case 'pictureFile':
        return decodePicture(input.bytes).then((pixels) => this.#prepareFrames([pixels]));
      default:
        throw unsupportedInput(input, clip.id, ['picture', 'pictureFile']);
    }
  }

  #prepareFrames(frames: readonly Pixels[]): Prepared {
    const slots = this.#spec.frames ?? 1;
    checkFrames(frames, slots);
    frames.forEach((pixels, slot) => {
      this.#writeFrame(pixels, slot);
    });
    if (frames.length < slots) this.#repeatFirstFrame(slots);
    return this.#prepared;
  }

  #writeFrame(pixels: Pixels, slot: number): void {
    const window = this.#resizer.crop(pixels.rgb, this.#plans.of(pixels));
    const plane = this.#spec.width * this.#spec.height;
    const slots = this.#spec.frames ?? 1;
    this.#levels.forEach((levels, channel) => {
      writePlane(window, { channel, levels, to: this.#tensor, at: (channel * slots + slot) * plane, plane });
    });
  }

  #repeatFirstFrame(slots: number): void {
    const plane = this.#spec.width * this.#spec.height;
    for (let channel = 0; channel < CHANNELS; channel++) {
      const first = channel * slots * plane;
      for (let slot = 1; slot < slots; slot++) this.#tensor.copyWithin(first + slot * plane, first, first + plane);
    }
  }
}

interface Plane {
  readonly channel: number;
  readonly levels: Float32Array;
  readonly to: Float32Array;
  readonly at: number;
  readonly plane: number;
}

function writePlane(rgb: Uint8Array, { channel, levels, to, at, plane }: Plane): void {
  let from = channel;
  for (let index = 0; index < plane; index++) {
    to[at + index] = levels[rgb[from] ?? 0] ?? 0;
    from += CHANNELS;
  }
}

function checkFrames(frames: readonly Pixels[], slots: number): void {
  if (frames.length !== 1 && frames.length !== slots) {
    throw new SensebindError(
      'INPUT_INVALID',
      `Expected one picture${slots > 1 ? ` or ${slots} frames of a clip` : ''}, found ${frames.length}`,
      slots > 1 ? 'Send one picture, or one clip.' : 'This encoder takes single pictures: send the frames one by one.',
    );
  }
  for (const { rgb, width, height } of frames) {
    checkFrame({
      name: 'an RGB picture',
      values: rgb,
      valuesPerPixel: CHANNELS,
      width,
      height,
      maxPixels: MAX_PHOTO_PIXELS,
    });
  }
  const sizes = new Set(frames.map(({ width, height }) => `${width} × ${height}`));
  if (sizes.size > 1) {
    throw new SensebindError(
      'INPUT_INVALID',
      `Expected the frames of a clip to have one size, found ${[...sizes].join(' and ')}`,
      'Send frames of one camera mode.',
    );
  }
}
