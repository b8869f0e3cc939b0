import type { MotionReading } from '../../../runtime/reading';
import { sum8 } from '../../frameScanner';
import { WITMOTION_FULL_SCALE, WITMOTION_HEADER, WITMOTION_TYPE } from '../../imu/witmotion';
import { rateOfCode, WITMOTION_REGISTER, WITMOTION_UNLOCK_CODE } from '../../imu/witmotionRegisters';
import { int16, samplesOf, type WireSample } from './samples';

const COMMAND_BYTES = 5;
const COMMAND_HEADER = [0xff, 0xaa] as const;

/** Bit n of the content register stands for packets of type 0x50 + n. */
const FIRST_TYPE = 0x50;
const TYPES_OF_CONTENT = [0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59] as const;
/** Acceleration, rotation, angles and magnetic field, ten times a second: as the sensor is delivered. */
const DEFAULT_CONTENT = 0x1e;
const DEFAULT_RATE_CODE = 0x06;

const CELSIUS = 25;

/** A packet of 11 bytes. */
export function witMotionPacket(type: number, words: readonly number[]): Buffer {
  const packet = Buffer.alloc(11);
  packet.writeUInt8(WITMOTION_HEADER, 0);
  packet.writeUInt8(type, 1);
  words.slice(0, 4).forEach((word, index) => {
    packet.writeUInt16LE(word & 0xffff, 2 + 2 * index);
  });
  packet.writeUInt8(sum8(packet, 0, 10), 10);
  return packet;
}

/** A WT901 that does what its registers say: motion goes in, bytes come out; so do commands and answers. */
export class SimulatedWitMotion {
  readonly #registers = new Map<number, number>([
    [WITMOTION_REGISTER.content, DEFAULT_CONTENT],
    [WITMOTION_REGISTER.rate, DEFAULT_RATE_CODE],
  ]);
  #isUnlocked: boolean = false;
  #pending: Buffer = Buffer.alloc(0);

  /** The rate that it was set to, where all documents agree on the code. */
  get rateHz(): number | undefined {
    return rateOfCode(this.register(WITMOTION_REGISTER.rate));
  }

  register(register: number): number {
    return this.#registers.get(register) ?? 0;
  }

  /** A cycle of packets for each sample of a reading. */
  encode(reading: MotionReading): Buffer {
    return Buffer.concat(samplesOf(reading).map((sample) => this.encodeSample(sample)));
  }

  encodeSample(sample: WireSample): Buffer {
    const content = this.register(WITMOTION_REGISTER.content);
    return Buffer.concat(
      TYPES_OF_CONTENT.filter((type) => (content & (1 << (type - FIRST_TYPE))) !== 0).map((type) =>
        witMotionPacket(type, wordsOf(type, sample)),
      ),
    );
  }

  /** Commands from the host; returns the answers. Bytes that are none are passed over. */
  receive(bytes: Uint8Array): Buffer {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    const answers: Buffer[] = [];
    while (this.#pending.length >= COMMAND_BYTES) {
      if (this.#pending[0] !== COMMAND_HEADER[0] || this.#pending[1] !== COMMAND_HEADER[1]) {
        this.#pending = this.#pending.subarray(1);
        continue;
      }
      answers.push(...this.#obey(this.#pending.readUInt8(2), this.#pending.readUInt16LE(3)));
      this.#pending = this.#pending.subarray(COMMAND_BYTES);
    }
    return Buffer.concat(answers);
  }

  #obey(register: number, value: number): Buffer[] {
    if (register === WITMOTION_REGISTER.read) {
      const values = [0, 1, 2, 3].map((step) => this.register(value + step));
      return [witMotionPacket(WITMOTION_TYPE.registers, values)];
    }
    if (register === WITMOTION_REGISTER.unlock) this.#isUnlocked = value === WITMOTION_UNLOCK_CODE;
    else if (this.#isUnlocked) this.#registers.set(register, value);
    return [];
  }
}

function wordsOf(type: number, { acceleration, angularVelocity = [0, 0, 0] }: WireSample): readonly number[] {
  const scaled = (vector: readonly number[], fullScale: number): number[] =>
    vector.map((value) => int16((value * 32_768) / fullScale));
  switch (type) {
    case WITMOTION_TYPE.acceleration:
      return [...scaled(acceleration, WITMOTION_FULL_SCALE.metresPerSecond2), CELSIUS * 100];
    case WITMOTION_TYPE.angularVelocity:
      return [...scaled(angularVelocity, WITMOTION_FULL_SCALE.radiansPerSecond), CELSIUS * 100];
    default:
      return [];
  }
}
