/**
 * What can be handed to an encoder, raw: SI units, FLU frame (design.md). Typed arrays may stand on shared memory;
 * nothing here is changed by preprocessing.
 */
export type EncoderInput =
  | PictureInput
  | PictureFileInput
  | SoundInput
  | SoundStreamInput
  | DepthInput
  | ThermalInput
  | ThermalPictureInput
  | MotionInput
  | ProfileInput
  | TextInput
  | TensorInput;

/** 8-bit RGB pixels, row-major, three bytes a pixel. */
export interface Pixels {
  readonly rgb: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** One picture, or the two frames of a clip, oldest first. */
export interface PictureInput {
  readonly kind: 'picture';
  readonly frames: readonly [Pixels] | readonly [Pixels, Pixels];
}

/** The content of a PNG or JPEG file; decoded in the worker. */
export interface PictureFileInput {
  readonly kind: 'pictureFile';
  readonly bytes: Uint8Array;
}

/** A whole recording: planar PCM in [-1, 1]. Sampled into clips as the reference does. */
export interface SoundInput {
  readonly kind: 'sound';
  readonly sampleRateHz: number;
  readonly channels: readonly Float32Array[];
}

/**
 * A window of a running stream, at the encoder's own sample rate and one channel. `firstSample` counts from the start
 * of the stream: clips that an earlier window already encoded are not encoded again.
 */
export interface SoundStreamInput {
  readonly kind: 'soundStream';
  /** Changes when the stream restarts, so that sample numbers of two runs never mix. */
  readonly stream: string;
  readonly firstSample: number;
  readonly samples: Float32Array;
}

/** Metres, row-major; 0, negative or not finite means missing. */
export interface DepthInput {
  readonly kind: 'depth';
  readonly metres: Float32Array;
  readonly width: number;
  readonly height: number;
  /** The camera's own baseline (metres) × focal length (pixels), where known. */
  readonly baselineFocal?: number;
}

/** Radiometric: kelvin, row-major. */
export interface ThermalInput {
  readonly kind: 'thermal';
  readonly kelvin: Float32Array;
  readonly width: number;
  readonly height: number;
}

/** A display picture of a thermal camera: 8-bit gray, hot is bright. */
export interface ThermalPictureInput {
  readonly kind: 'thermalPicture';
  readonly gray: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/**
 * Six-axis motion, planar: accelerometer x, y, z (m/s² with gravity), then gyroscope x, y, z (rad/s).
 * Either a uniform `rateHz`, or one time per sample in microseconds, ascending.
 */
export interface MotionInput {
  readonly kind: 'motion';
  readonly axes: readonly Float32Array[];
  readonly timing: { readonly rateHz: number } | { readonly timesMicros: Float64Array };
}

/** Strength over distance, linear, the nearest first. */
export interface ProfileInput {
  readonly kind: 'profile';
  readonly strengths: Float32Array;
  /** Distance between two values, in metres. */
  readonly binMetres: number;
}

export interface TextInput {
  readonly kind: 'text';
  readonly text: string;
}

/** Ready made: one item per entry of the first dimension; several items are clips of one recording and are averaged. */
export interface TensorInput {
  readonly kind: 'tensor';
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
}
