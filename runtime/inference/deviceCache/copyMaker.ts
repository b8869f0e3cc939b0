import path from 'node:path';
import type { Clock, Millis, Timer } from '../../clock';
import { messageOf } from '../../errors';
import { formatBytes } from '../../formatBytes';
import type { Modality } from '../../reading';
import { runHelper } from '../helperProcess';
import { cacheBytesOf, weightsBytesInMemory } from '../plan/estimate';
import type { MemoryReading } from '../plan/memory';
import type { EncoderSetup } from '../protocol';
import type { CopyRequest, CopyResult } from './build';
import type { BuildRequest } from './buildProgram';
import type { CacheKey } from './key';
import type { DeviceCacheSettings } from './settings';

export interface CopyMakerOptions {
  readonly clock: Clock;
  readonly settings: DeviceCacheSettings;
  readonly runtimeModule: string;
  readonly readMemory: () => Promise<MemoryReading>;
  /** The device cache has a copy now. */
  readonly onMade: (modality: Modality) => void;
  /** How it stands with a copy, in words. */
  readonly onNews: (modality: Modality, reason: string) => void;
}

/** Encoders are all loaded, and have given their first answers. */
const QUIET: Millis = 15_000 as Millis;

/** What is in the way may be gone by then. */
const AGAIN: Millis = 60_000 as Millis;
const MOST_ATTEMPTS = 10;

/** A copy that is there and that the worker does not take is not made for ever: it may be gigabytes. */
const MOST_MADE = 2;

/** Node.js and onnxruntime in the process that makes a copy, and its activations. */
const PROCESS_BYTES = 200e6;

interface Wanted {
  readonly modality: Modality;
  readonly setup: EncoderSetup;
  readonly key: CacheKey;
  attempts: number;
}

/**
 * Makes copies for the device cache while the encoders work: one at a time, in a process that stands behind all others, the
 * smallest first, for each one that is then used frees memory for the next. A copy needs the memory of its encoder once more
 * while it is made; where that is not free, it waits.
 */
export class CopyMaker {
  readonly #options: CopyMakerOptions;
  readonly #wanted = new Map<Modality, Wanted>();
  /** How often there was a copy afterwards. */
  readonly #made = new Map<Modality, number>();
  readonly #closing = new AbortController();
  #timer: Timer | undefined;
  #work: Promise<void> | undefined;

  constructor(options: CopyMakerOptions) {
    this.#options = options;
  }

  /** Makes a copy when it is quiet. */
  want(modality: Modality, setup: EncoderSetup, key: CacheKey): void {
    if (this.#wanted.has(modality)) return;
    if ((this.#made.get(modality) ?? 0) >= MOST_MADE) {
      this.#options.onNews(modality, `no copy is made: ${MOST_MADE} that were made could not be used`);
      return;
    }
    this.#wanted.set(modality, { modality, setup, key, attempts: 0 });
    this.#wake(QUIET);
  }

  /** Gives up what is being made: the next one that is made clears what is left of it. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#timer?.cancel();
    await this.#work;
  }

  #wake(delay: Millis): void {
    if (this.#work !== undefined || this.#closing.signal.aborted) return;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.setTimer(delay, () => this.#start(), { background: true });
  }

  #start(): void {
    this.#work = this.#makeAll().finally(() => {
      this.#work = undefined;
      if (this.#wanted.size > 0) this.#wake(AGAIN);
    });
  }

  async #makeAll(): Promise<void> {
    const queue = [...this.#wanted.values()].sort((a, b) => a.setup.fileBytes - b.setup.fileBytes);
    for (const wanted of queue) {
      const result = await this.#make(wanted).catch((error: unknown): CopyResult => {
        return { kind: 'later', reason: messageOf(error) };
      });
      if (this.#closing.signal.aborted) return;
      this.#settle(wanted, result);
    }
  }

  #settle(wanted: Wanted, result: CopyResult): void {
    const { modality } = wanted;
    wanted.attempts++;
    switch (result.kind) {
      case 'made':
      case 'there':
        this.#wanted.delete(modality);
        this.#made.set(modality, 1 + (this.#made.get(modality) ?? 0));
        this.#options.onMade(modality);
        return;
      case 'later':
        if (wanted.attempts >= MOST_ATTEMPTS) this.#wanted.delete(modality);
        break;
      case 'never':
        this.#wanted.delete(modality);
    }
    this.#options.onNews(modality, `no copy was made: ${result.reason}`);
  }

  async #make({ modality, setup, key }: Wanted): Promise<CopyResult> {
    const { readMemory, runtimeModule, onNews, settings } = this.#options;
    onNews(modality, 'a copy is being made');
    const how = { key, runtimeModule, threads: 1, inBackground: true };
    return makeWhereItFits({ ...copyRequest(setup, settings), ...how }, { readMemory, signal: this.#closing.signal });
  }
}

/**
 * Makes one copy in a process of its own, where there is memory for the encoder once more. That it could not be made is an
 * outcome like any other: encoders work without.
 *
 * @throws {SensebindError} `REQUEST_ABORTED` by the signal.
 */
export async function makeWhereItFits(
  request: BuildRequest,
  { readMemory, signal }: Pick<CopyMakerOptions, 'readMemory'> & { readonly signal: AbortSignal },
): Promise<CopyResult> {
  const { fileBytes, precision } = request.setup;
  const needed = weightsBytesInMemory(fileBytes, precision) + PROCESS_BYTES;
  const { availableBytes } = await readMemory();
  if (availableBytes < needed) {
    const reason = `making one takes ${formatBytes(needed)} of memory for a while, ${formatBytes(availableBytes)} are free`;
    return { kind: 'later', reason };
  }
  try {
    return await runCopyProcess(request, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    return { kind: 'later', reason: messageOf(error) };
  }
}

/** Makes one copy in a process of its own. @throws {SensebindError} what `makeCopy` and `runHelper` throw. */
export function runCopyProcess(request: BuildRequest, signal?: AbortSignal): Promise<CopyResult> {
  return runHelper(path.join(__dirname, 'buildProgram.js'), request, {
    purpose: 'makes a copy for the device cache',
    inBackground: request.inBackground,
    ...(signal === undefined ? {} : { signal }),
  });
}

/** What has to be said of a copy beside its key. */
export function copyRequest(setup: EncoderSetup, settings: DeviceCacheSettings): Omit<CopyRequest, 'key'> {
  const { modality, fileBytes, precision } = setup;
  return {
    title: `${modality} ${precision}, ${setup.modelPath}`,
    setup,
    expectedBytes: cacheBytesOf(fileBytes, precision),
    settings,
  };
}
