import { readWavBytes } from '../../devices/audio/readWav';
import { depthOf } from '../../devices/depth/units';
import { thermalOf } from '../../devices/thermal/raw';
import { HEAD_BYTES, sniff } from '../../runtime/preprocess/fileContent';
import { decodeGray16 } from '../../runtime/preprocess/pictureFile';
import { fillInSlices } from '../shared/slices';
import { isDepthUnit, isThermalUnit, pictureOfNumbers } from './grid';
import type { MessageFields } from './messageFields';
import type { OneInput } from './oneInput';
import { refusal } from './refusal';

/** What to say of bytes. */
export interface BytesContext {
  /** Modality that was asked for. */
  readonly asked?: string;
  readonly fields: () => MessageFields;
}

/**
 * The content of a file, or raw pixels or samples whose form the message states.
 *
 * @throws {SensebindError} `INPUT_UNSUPPORTED`, `INPUT_INVALID`, `WAV_INVALID`, `INPUT_TOO_LARGE`.
 */
export async function inputOfBytes(bytes: Uint8Array, context: BytesContext): Promise<OneInput> {
  const content = sniff(bytes.subarray(0, HEAD_BYTES));
  switch (content.kind) {
    case 'png':
      return content.gray16 && context.asked !== 'vision' ? gray16(bytes, context) : pictureFile(bytes, context);
    case 'jpeg':
      return pictureFile(bytes, context);
    case 'wav': {
      const { channels, sampleRateHz, truncated } = await readWavBytes(bytes);
      return {
        modality: context.asked ?? 'audio',
        input: { kind: 'sound', channels, sampleRateHz },
        flags: truncated ? ['partial-window'] : [],
      };
    }
    case 'empty':
      throw refusal(bytes);
    case 'text':
    case 'binary':
      return raw(bytes, context, content.kind === 'text');
  }
}

function pictureFile(bytes: Uint8Array, { asked }: BytesContext): OneInput {
  return { modality: asked ?? 'vision', input: { kind: 'pictureFile', bytes }, flags: [] };
}

/** 16-bit gray is raw values of a sensor: millimetres of depth, unless the message says otherwise. */
async function gray16(bytes: Uint8Array, { asked, fields }: BytesContext): Promise<OneInput> {
  const { unit = asked === 'thermal' ? undefined : 'mm' } = fields();
  const picture = await decodeGray16(bytes);
  if (asked !== 'depth' && isThermalUnit(unit)) {
    return { modality: asked ?? 'thermal', input: { kind: 'thermal', ...thermalOf(picture, { unit }) }, flags: [] };
  }
  if (isDepthUnit(unit)) {
    return { modality: asked ?? 'depth', input: { kind: 'depth', ...depthOf(picture, { unit }) }, flags: [] };
  }
  throw refusal(bytes, {
    cure: 'for 16-bit values set msg.unit: K, dK, cK or K/64 for thermal, mm, cm, m or 100um for depth',
  });
}

async function raw(bytes: Uint8Array, { asked, fields }: BytesContext, isText: boolean): Promise<OneInput> {
  const stated = fields();
  const { width, height, unit, sampleRateHz, channels = 1 } = stated;
  if (width !== undefined && height !== undefined) {
    const pixels = width * height;
    if (unit === undefined && bytes.length === 3 * pixels) {
      const frame = { rgb: bytes, width, height };
      return { modality: asked ?? 'vision', input: { kind: 'picture', frames: [frame] }, flags: [] };
    }
    if (unit === undefined && asked === 'thermal' && bytes.length === pixels) {
      return { modality: asked, input: { kind: 'thermalPicture', gray: bytes, width, height }, flags: [] };
    }
    if (unit !== undefined && bytes.length === 2 * pixels) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const values = await fillInSlices(new Uint16Array(pixels), (index) => view.getUint16(2 * index, true));
      return pictureOfNumbers({ values, width, height }, { ...(asked === undefined ? {} : { asked }), unit });
    }
    throw refusal(bytes, {
      cure: `for a picture of ${width} x ${height} send ${3 * pixels} bytes of RGB, or ${2 * pixels} bytes of 16-bit values with msg.unit`,
    });
  }
  if (sampleRateHz !== undefined && bytes.length >= 2 * channels && bytes.length % (2 * channels) === 0) {
    return sound16(bytes, { sampleRateHz, channels, ...(asked === undefined ? {} : { asked }) });
  }
  throw refusal(bytes, isText ? { cure: 'to encode words, send them as a string: msg.payload.toString()' } : {});
}

/** Interleaved, 16 bits, little-endian: what audio nodes pass on. */
async function sound16(
  bytes: Uint8Array,
  options: { readonly sampleRateHz: number; readonly channels: number; readonly asked?: string },
): Promise<OneInput> {
  const { sampleRateHz, channels: count, asked = 'audio' } = options;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const samples = bytes.length / (2 * count);
  const channels: Float32Array[] = [];
  for (let channel = 0; channel < count; channel++) {
    const at = (index: number): number => view.getInt16(2 * (index * count + channel), true) / 2 ** 15;
    channels.push(await fillInSlices(new Float32Array(samples), at));
  }
  return { modality: asked, input: { kind: 'sound', sampleRateHz, channels }, flags: [] };
}
