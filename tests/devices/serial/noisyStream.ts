import { type Random, randomOf } from '../../fuzz/mutate';

/** What a protocol's stream is made of. */
export interface Wire {
  /** Packets of sample `index`, as the device sends them. */
  packets(index: number): readonly Buffer[];
  /** How many of them, from the first on, a sample is made of. Default: all. */
  readonly needed?: number;
  /** Whether a damaged packet would still count as a valid one: it is damaged further then. */
  isValid(packet: Buffer): boolean;
  /** Bytes that noise is rich in: beginnings of frames. */
  readonly headers: readonly number[];
  /** What noise ends with, for protocols that cannot tell it from what follows. */
  readonly noiseEnd?: string;
  /** A byte that is never damaged: the end of a line, whose loss costs the next one too. */
  readonly spared?: number;
  /** What a damaged byte becomes. */
  damage?(byte: number, random: Random): number;
}

export interface NoisyStream {
  readonly bytes: Buffer;
  /** Samples all of whose packets are whole. */
  readonly whole: readonly number[];
  readonly damagedBytes: number;
}

export interface Noise {
  readonly samples: number;
  /** Share of bytes that are replaced. */
  readonly damage: number;
  /** Share of packets that may be damaged; the damage in them is the greater. */
  readonly damagedPackets: number;
  readonly seed: number;
}

const MOST_NOISE_BYTES = 12;

/** A stream in which bytes are damaged and noise stands between packets, and what a driver must make of it. */
export function noisyStream(wire: Wire, { samples, damage, damagedPackets, seed }: Noise): NoisyStream {
  const random = randomOf(seed);
  const happens = (share: number): boolean => random(1e6) < share * 1e6;
  const damagedPlaces = (packet: Buffer): number[] =>
    [...packet.keys()].filter((position) => packet[position] !== wire.spared && happens(damage / damagedPackets));
  const whole: number[] = [];
  const pieces: Buffer[] = [];
  let damagedBytes = 0;
  for (let index = 0; index < samples; index++) {
    let isWhole = true;
    for (const [place, packet] of wire.packets(index).entries()) {
      if (happens(0.3)) pieces.push(noise(wire, random));
      const sent = Buffer.from(packet);
      const positions = happens(damagedPackets) ? damagedPlaces(sent) : [];
      for (const position of positions) sent[position] = damaged(wire, sent[position] ?? 0, random);
      while (positions.length > 0 && wire.isValid(sent)) {
        const position = positions[0] ?? 0;
        sent[position] = damaged(wire, sent[position] ?? 0, random);
      }
      damagedBytes += positions.length;
      if (place < (wire.needed ?? Number.POSITIVE_INFINITY)) isWhole &&= positions.length === 0;
      pieces.push(sent);
    }
    if (isWhole) whole.push(index);
  }
  return { bytes: Buffer.concat(pieces), whole, damagedBytes };
}

function damaged({ damage }: Wire, byte: number, random: Random): number {
  return damage?.(byte, random) ?? (byte + 1 + random(255)) % 256;
}

function noise({ headers, noiseEnd = '' }: Wire, random: Random): Buffer {
  const bytes = Array.from({ length: 1 + random(MOST_NOISE_BYTES) }, () =>
    random(3) === 0 ? (headers[random(headers.length)] ?? 0) : random(256),
  );
  return Buffer.concat([Buffer.from(bytes), Buffer.from(noiseEnd)]);
}
