import { SensebindError } from '../../runtime/errors';

/** What the numbers of a message are. */
export type ReadingsKind = 'audio' | 'imu' | 'thermal' | 'depth' | 'vision';
export type ElementType = 'i16' | 'u16' | 'f32' | 'jpeg';

/** A `readings/1` message (docs/readings-in.md). */
export interface ReadingsMessage {
  readonly kind: ReadingsKind;
  readonly element: ElementType;
  readonly channels: number;
  /** The board lost samples or pictures before these. */
  readonly hasLost: boolean;
  /** Drawn anew at each start of the board. */
  readonly boot: number;
  readonly sequence: number;
  /** Of the first sample or the exposure, on a clock of the board; 0: it has none. */
  readonly timeMicros: number;
  /** Samples a second; 0 for pictures. */
  readonly rateHz: number;
  /** Samples a channel, of sound and motion. */
  readonly count: number;
  /** Of pictures, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Value = element × scale + offset, in SI units. */
  readonly scale: number;
  readonly offset: number;
  /** In place of `scale`, for channels 3 to 5 of motion. */
  readonly rotationScale: number;
  /** A view into the payload. */
  readonly body: Uint8Array;
}

export const READINGS_HEADER_BYTES = 44;

/** "SBR" and the version of the format. */
export const READINGS_MAGIC = Buffer.from('SBR1');

/** A broker gives this node no larger messages. */
export const MAX_READINGS_BYTES = 2 ** 20;

const KINDS: readonly (ReadingsKind | undefined)[] = [undefined, 'audio', 'imu', 'thermal', 'depth', 'vision'];
const ELEMENTS: readonly (ElementType | undefined)[] = [undefined, 'i16', 'u16', 'f32', 'jpeg'];
export const ELEMENT_BYTES = { i16: 2, u16: 2, f32: 4, jpeg: 1 } as const satisfies Record<ElementType, number>;

const HAS_LOST = 1;

interface KindLimits {
  readonly elements: readonly ElementType[];
  readonly channels: readonly number[];
  /** Lowest and highest rate of samples; left out for pictures. */
  readonly rateHz?: readonly [lowest: number, highest: number];
}

const LIMITS: Readonly<Record<ReadingsKind, KindLimits>> = {
  audio: { elements: ['i16', 'f32'], channels: [1, 2, 3, 4, 5, 6, 7, 8], rateHz: [4000, 192_000] },
  imu: { elements: ['i16', 'f32'], channels: [3, 6], rateHz: [0.1, 8000] },
  thermal: { elements: ['i16', 'u16', 'f32'], channels: [1] },
  depth: { elements: ['u16', 'f32'], channels: [1] },
  vision: { elements: ['jpeg'], channels: [3] },
};

/**
 * Reads the bytes of a message. Nothing is copied.
 *
 * @throws {SensebindError} `MESSAGE_INVALID` for anything but a whole message within its limits.
 */
export function readReadings(payload: Uint8Array): ReadingsMessage {
  if (payload.length < READINGS_HEADER_BYTES)
    throw invalid(`a header of ${READINGS_HEADER_BYTES} bytes`, `${payload.length} bytes`);
  if (payload.length > MAX_READINGS_BYTES) throw invalid(`at most ${MAX_READINGS_BYTES} bytes`, `${payload.length}`);
  if (!READINGS_MAGIC.equals(payload.subarray(0, READINGS_MAGIC.length)))
    throw invalid('"SBR1" at the start', 'other bytes');
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const kind = KINDS[view.getUint8(4)];
  const element = ELEMENTS[view.getUint8(5)];
  if (kind === undefined) throw invalid('a modality from 1 to 5', `${view.getUint8(4)}`);
  if (element === undefined) throw invalid('an element type from 1 to 4', `${view.getUint8(5)}`);
  const message: ReadingsMessage = {
    kind,
    element,
    channels: view.getUint8(6),
    hasLost: (view.getUint8(7) & HAS_LOST) !== 0,
    boot: view.getUint32(8, true),
    sequence: view.getUint32(12, true),
    timeMicros: Number(view.getBigUint64(16, true)),
    rateHz: view.getFloat32(24, true),
    count: view.getUint32(28, true),
    width: view.getUint16(28, true),
    height: view.getUint16(30, true),
    scale: view.getFloat32(32, true),
    offset: view.getFloat32(36, true),
    rotationScale: view.getFloat32(40, true),
    body: payload.subarray(READINGS_HEADER_BYTES),
  };
  check(message);
  return message;
}

function check(message: ReadingsMessage): void {
  const { kind, element, channels, timeMicros, rateHz, count, width, height, scale, offset, rotationScale, body } =
    message;
  const limits = LIMITS[kind];
  if (!limits.elements.includes(element)) throw invalid(`${kind} as ${limits.elements.join(' or ')}`, element);
  if (!limits.channels.includes(channels))
    throw invalid(`${limits.channels.join(' or ')} channels of ${kind}`, `${channels}`);
  if (!Number.isSafeInteger(timeMicros)) throw invalid('a time in microseconds below 2^53', `${timeMicros}`);
  for (const [name, value] of Object.entries({ scale, offset, rotationScale })) {
    if (!Number.isFinite(value)) throw invalid(`a finite ${name}`, `${value}`);
  }
  const isPicture = limits.rateHz === undefined;
  if (limits.rateHz !== undefined) {
    const [lowest, highest] = limits.rateHz;
    if (!(rateHz >= lowest && rateHz <= highest))
      throw invalid(`${lowest} to ${highest} samples a second`, `${rateHz}`);
  }
  if (element === 'jpeg') {
    if (body.length === 0) throw invalid('a JPEG', 'nothing');
    return;
  }
  const pieces = isPicture ? width * height : count * channels;
  if (pieces === 0) throw invalid('at least one sample or pixel', 'none');
  const bytes = pieces * ELEMENT_BYTES[element];
  if (body.length !== bytes) throw invalid(`${bytes} bytes after the header`, `${body.length}`);
}

/**
 * The numbers of a message as they are written, without scale and offset. Not for JPEG.
 *
 * @returns a copy.
 */
export function elementsOf({ element, body }: ReadingsMessage): Int16Array | Uint16Array | Float32Array {
  // A copy starts at offset 0, so that its elements are aligned. All machines that we run on are little-endian.
  const { buffer } = new Uint8Array(body);
  if (element === 'i16') return new Int16Array(buffer);
  return element === 'u16' ? new Uint16Array(buffer) : new Float32Array(buffer, 0, body.length >> 2);
}

function invalid(expected: string, found: string): SensebindError {
  return new SensebindError(
    'MESSAGE_INVALID',
    `expected readings in the form readings/1: ${expected}, found ${found}`,
    'look at who publishes on this topic; docs/readings-in.md says what has to be there',
  );
}
