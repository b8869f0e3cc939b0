/** What a board writes into the header of `readings/1`. */
export interface BoardMessage {
  readonly modality: number;
  readonly element: number;
  readonly channels: number;
  readonly flags?: number;
  readonly boot?: number;
  readonly sequence?: number;
  readonly timeMicros?: number;
  readonly rateHz?: number;
  /** Pictures: width + height × 65536. */
  readonly count?: number;
  readonly scale?: number;
  readonly offset?: number;
  readonly rotationScale?: number;
  readonly body: Uint8Array;
}

/** Writes a message as the table of docs/readings-in.md says; the C code there gives the same bytes. */
export function boardMessage(message: BoardMessage): Buffer {
  const header = Buffer.alloc(44);
  header.write('SBR1', 'latin1');
  header.set([message.modality, message.element, message.channels, message.flags ?? 0], 4);
  header.writeUInt32LE(message.boot ?? 1, 8);
  header.writeUInt32LE(message.sequence ?? 0, 12);
  header.writeBigUInt64LE(BigInt(message.timeMicros ?? 0), 16);
  header.writeFloatLE(message.rateHz ?? 0, 24);
  header.writeUInt32LE(message.count ?? 0, 28);
  header.writeFloatLE(message.scale ?? 0, 32);
  header.writeFloatLE(message.offset ?? 0, 36);
  header.writeFloatLE(message.rotationScale ?? 0, 40);
  return Buffer.concat([header, message.body]);
}

/** Sound of one channel at 16 kHz. */
export function soundMessage(
  options: {
    readonly sequence?: number;
    readonly boot?: number;
    readonly timeMicros?: number;
    readonly samples?: number;
  } = {},
): Buffer {
  const { samples = 160, ...rest } = options;
  const body = Buffer.alloc(2 * samples);
  for (let sample = 0; sample < samples; sample++) body.writeInt16LE(((sample * 37) % 2000) - 1000, 2 * sample);
  return boardMessage({ modality: 1, element: 1, channels: 1, rateHz: 16_000, count: samples, ...rest, body });
}
