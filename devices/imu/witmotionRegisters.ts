import type { Clock, Millis } from '../../runtime/clock';
import { SensebindError } from '../../runtime/errors';
import { pause } from '../pause';
import type { ByteStream } from '../ports/byteStream';

/** Registers of the WitMotion "normal" protocol (reference/devices.md §1.1): `FF AA register low high`. */
export const WITMOTION_REGISTER = { save: 0x00, content: 0x02, rate: 0x03, read: 0x27, unlock: 0x69 } as const;

/** What opens the registers for ten seconds. */
export const WITMOTION_UNLOCK_CODE = 0xb588;

/** Bits of the register for the content of a cycle. */
export const WITMOTION_CONTENT = { acceleration: 1 << 1, angularVelocity: 1 << 2 } as const;

/** Codes of the rates that all documents agree on. */
const RATE_CODES = [
  [1, 0x03],
  [5, 0x05],
  [10, 0x06],
  [20, 0x07],
  [50, 0x08],
  [100, 0x09],
  [200, 0x0b],
] as const satisfies readonly (readonly [hertz: number, code: number])[];

export const WITMOTION_RATES = RATE_CODES.map(([hertz]) => hertz);

/** How long a write takes until the next one is accepted. */
const SETTLE = 100 as Millis;

const ANSWER_WITHIN = 500 as Millis;
const TRIES = 3;

export function rateOfCode(code: number): number | undefined {
  return RATE_CODES.find(([, known]) => known === code)?.[0];
}

export function codeOfRate(hertz: number): number | undefined {
  return RATE_CODES.find(([known]) => known === hertz)?.[1];
}

/** A write to a register, or with `read` the question for one. */
export function registerCommand(register: number, value: number): Buffer {
  return Buffer.from([0xff, 0xaa, register, value & 0xff, value >> 8]);
}

/** Writes and reads registers over a stream whose answers somebody else decodes. */
export class WitMotionRegisters {
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #answered: ((values: readonly number[]) => void) | undefined;

  constructor(stream: ByteStream, options: { readonly clock: Clock; readonly signal: AbortSignal }) {
    this.#stream = stream;
    this.#clock = options.clock;
    this.#signal = options.signal;
  }

  /** An answer came. Answers do not say which question they belong to: there is one at a time. */
  answer(values: readonly number[]): void {
    this.#answered?.(values);
  }

  async write(register: number, value: number): Promise<void> {
    await this.#stream.write(registerCommand(register, value));
    await pause(this.#clock, SETTLE, this.#signal);
  }

  /** The value of a register; `undefined` when the device does not answer, as when only its output is connected. */
  async read(register: number): Promise<number | undefined> {
    let value: number | undefined;
    for (let attempt = 0; attempt < TRIES && value === undefined && !this.#signal.aborted; attempt++) {
      const over = new AbortController();
      this.#answered = ([first]) => {
        value = first;
        over.abort();
      };
      await this.#stream.write(registerCommand(WITMOTION_REGISTER.read, register));
      await pause(this.#clock, ANSWER_WITHIN, AbortSignal.any([over.signal, this.#signal]));
    }
    this.#answered = undefined;
    return value;
  }
}

/** The device goes on at another rate than it was told to. */
export function wrongRate(wantedHz: number, found: string): SensebindError {
  return new SensebindError(
    'DEVICE_FAILED',
    `expected a WitMotion sensor at ${wantedHz} Hz, found ${found}`,
    'connect the line to its RX pin too, choose a rate that its baud rate can carry, or leave rateHz out',
  );
}
