/** Builds WAV bytes from the specification (RIFF WAVE 1.0, WAVEFORMATEXTENSIBLE, EBU Tech 3306): not from our parser. */

export interface WavSpec {
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly format: 'integer' | 'float';
  readonly bits: 8 | 16 | 24 | 32 | 64;
  /** One list of stored values a channel: integers as they are stored, or floats. */
  readonly values: readonly (readonly number[])[];
}

export function chunk(id: string, body: Uint8Array, declared = body.length): Buffer {
  const header = Buffer.alloc(8);
  header.write(id, 'latin1');
  header.writeUInt32LE(declared, 4);
  return Buffer.concat([header, body, Buffer.alloc(body.length % 2)]);
}

export function riff(
  chunks: readonly Uint8Array[],
  options: { readonly id?: string; readonly size?: number } = {},
): Buffer {
  const body = Buffer.concat([Buffer.from('WAVE'), ...chunks]);
  const header = Buffer.alloc(8);
  header.write(options.id ?? 'RIFF', 'latin1');
  header.writeUInt32LE(options.size ?? body.length, 4);
  return Buffer.concat([header, body]);
}

export function formatChunk(spec: Omit<WavSpec, 'values'>, overrides: Readonly<Record<number, number>> = {}): Buffer {
  const body = Buffer.alloc(16);
  const frameBytes = (spec.channels * spec.bits) / 8;
  body.writeUInt16LE(spec.format === 'integer' ? 1 : 3, 0);
  body.writeUInt16LE(spec.channels, 2);
  body.writeUInt32LE(spec.sampleRateHz, 4);
  body.writeUInt32LE(spec.sampleRateHz * frameBytes, 8);
  body.writeUInt16LE(frameBytes, 12);
  body.writeUInt16LE(spec.bits, 14);
  for (const [offset, value] of Object.entries(overrides)) body.writeUInt16LE(value, Number(offset));
  return chunk('fmt ', body);
}

export function extensibleFormatChunk(spec: Omit<WavSpec, 'values'>, guid: string): Buffer {
  const base = formatChunk(spec, { 0: 0xfffe }).subarray(8, 24);
  const extension = Buffer.alloc(8);
  extension.writeUInt16LE(22, 0);
  extension.writeUInt16LE(spec.bits, 2);
  return chunk('fmt ', Buffer.concat([base, extension, Buffer.from(guid, 'hex')]));
}

export function dataBody(spec: WavSpec): Buffer {
  const bytes = spec.bits / 8;
  const frames = spec.values[0]?.length ?? 0;
  const body = Buffer.alloc(frames * spec.channels * bytes);
  for (let frame = 0; frame < frames; frame++) {
    for (let channel = 0; channel < spec.channels; channel++) {
      const value = spec.values[channel]?.[frame] ?? 0;
      const at = (frame * spec.channels + channel) * bytes;
      if (spec.format === 'float') spec.bits === 32 ? body.writeFloatLE(value, at) : body.writeDoubleLE(value, at);
      else if (spec.bits === 8) body.writeUInt8(value, at);
      else body.writeIntLE(value, at, bytes);
    }
  }
  return body;
}

export function wavBytes(spec: WavSpec): Buffer {
  return riff([formatChunk(spec), chunk('data', dataBody(spec))]);
}

/** 16-bit mono, for tests that need some sound. */
export function monoWav(values: readonly number[], sampleRateHz = 16_000): Buffer {
  return wavBytes({ sampleRateHz, channels: 1, format: 'integer', bits: 16, values: [values] });
}
