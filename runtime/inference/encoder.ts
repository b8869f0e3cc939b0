import { systemClock } from '../clock';
import { messageOf } from '../errors';
import type { EncoderInput } from '../preprocess/input';
import { flagNothingSeen } from '../preprocess/nothingSeen';
import type { Item, Prepared, Preprocessor } from '../preprocess/preset';
import { presetOf } from '../preprocess/presets';
import { tensorItems } from '../preprocess/tensor';
import type { Modality } from '../reading';
import { requestGivenUp } from './engineErrors';
import { ItemCache } from './itemCache';
import type { EncodeOutcome, EncoderSetup, PreparedItems, ProviderInUse, TensorData } from './protocol';
import type { OpenedSession, Providers } from './providers';
import type { WorkerFlags } from './quiesce';
import type { EncoderSession } from './session';
import { meanDirection, unit } from './vectors';

export interface EncoderOptions {
  readonly modality: Modality;
  readonly setup: EncoderSetup;
  readonly tokenizerPath: string | undefined;
  readonly providers: Providers;
  readonly flags: WorkerFlags;
  /** Told whenever this encoder has got a session. */
  readonly onProvider: (inUse: ProviderInUse) => void;
}

/** One encoder in a worker: preprocessing, session and the memory of clips it has seen. Calls must not overlap. */
export class Encoder {
  readonly #options: EncoderOptions;
  readonly #clips = new ItemCache();
  readonly #batches = new BatchMemory();
  #preprocessor: Preprocessor | undefined;
  #session: EncoderSession | undefined;
  /** Why this encoder stays on the CPU; set when an accelerator failed at work. */
  #cpuOnlyReason: string | undefined;

  constructor(options: EncoderOptions) {
    this.#options = options;
  }

  /** Brings the session into memory, where it is not yet. */
  async load(): Promise<EncoderSession> {
    if (this.#session !== undefined) return this.#session;
    const { session, inUse } = await this.#open();
    this.#session = session;
    this.#options.onProvider(inUse);
    return session;
  }

  /** Takes the copy in the device cache, which has come meanwhile, for the session that is open. */
  async reload(): Promise<void> {
    const former = this.#session;
    if (former === undefined) return;
    const { session, inUse } = await this.#open();
    this.#session = session;
    this.#options.onProvider(inUse);
    await former.release();
  }

  async prepare(input: EncoderInput): Promise<PreparedItems> {
    const { items, flags } = await this.#preprocess(input);
    return { items: items.map(({ data, shape }) => ({ data: data.slice(), shape })), flags };
  }

  async encode(input: EncoderInput): Promise<EncodeOutcome> {
    const start = systemClock.monotonicMicros();
    const { items, flags } = await this.#preprocess(input);
    const prepared = systemClock.monotonicMicros();
    this.#requireWanted();
    await this.load();
    const loaded = systemClock.monotonicMicros();
    const vector = meanDirection(await this.#embed(items));
    return {
      vector,
      flags,
      preprocessingMicros: prepared - start,
      forwardMicros: systemClock.monotonicMicros() - loaded,
    };
  }

  async release(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.release();
  }

  async #open(): Promise<OpenedSession> {
    const { providers, setup } = this.#options;
    if (this.#cpuOnlyReason === undefined) return providers.open(setup);
    return providers.openOnCpu(setup, this.#cpuOnlyReason);
  }

  /** A native call cannot be cancelled, but the next one need not begin. */
  #requireWanted(): void {
    if (this.#options.flags.givenUp) throw requestGivenUp();
  }

  /** Picture decoding is native code of another kind, so this too is shown on the flags. */
  async #preprocess(input: EncoderInput): Promise<Prepared> {
    return this.#options.flags.during('preparing', async () => {
      if (input.kind === 'tensor') return tensorItems(input, this.#options.setup.spec);
      this.#preprocessor ??= this.#createPreprocessor();
      return flagNothingSeen(await this.#preprocessor.prepare(input), input);
    });
  }

  #createPreprocessor(): Preprocessor {
    const { modality, setup, tokenizerPath } = this.#options;
    return presetOf(modality, setup.preset).create(setup.spec, tokenizerPath === undefined ? {} : { tokenizerPath });
  }

  /** One unit vector an item; clips that were encoded before are remembered. */
  async #embed(items: readonly Item[]): Promise<readonly Float32Array[]> {
    const vectors = items.map(({ cacheKey }) => (cacheKey === undefined ? undefined : this.#clips.get(cacheKey)));
    const missing = items.filter((_, index) => vectors[index] === undefined);
    const fresh: Float32Array[] = [];
    const size = this.#batchSize();
    for (let start = 0; start < missing.length; start += size) {
      const batch = missing.slice(start, start + size);
      this.#requireWanted();
      const found = (await this.#run(this.#batches.stack(batch))).map(unit);
      for (const [index, { cacheKey }] of batch.entries()) {
        const vector = found[index];
        if (cacheKey !== undefined && vector !== undefined) this.#clips.set(cacheKey, vector);
      }
      fresh.push(...found);
    }
    return vectors.flatMap((vector) => vector ?? fresh.shift() ?? []);
  }

  /** Only the clips of one float32 window share a run: quantised encoders give other results beside other neighbours. */
  #batchSize(): number {
    const { spec, precision } = this.#options.setup;
    const clips = spec.kind === 'sound' && precision === 'fp32' ? spec.clips : 1;
    return Math.max(1, Math.min(clips, this.#session?.batchLimit ?? 1));
  }

  /** An accelerator that fails on a checked input is out of memory or gone: the CPU takes over for good. */
  async #run(batch: TensorData): Promise<readonly Float32Array[]> {
    const session = await this.load();
    try {
      return await session.run(batch);
    } catch (error) {
      if (session.provider === 'cpu') throw error;
      this.#session = undefined;
      this.#cpuOnlyReason = `${session.provider} failed while running: ${messageOf(error)}${await session.leave()}`;
    }
    return (await this.load()).run(batch);
  }
}

/** Several clips of sound as one batch, on memory that is used again. */
class BatchMemory {
  #floats = new Float32Array();

  /** Valid until the next call; a single item, of whatever kind, is taken as it is. */
  stack(items: readonly Item[]): TensorData {
    const [first] = items;
    if (first === undefined || items.length === 1) return first ?? { data: this.#floats, shape: [0] };
    const { length } = first.data;
    if (this.#floats.length < length * items.length) this.#floats = new Float32Array(length * items.length);
    for (const [index, item] of items.entries()) this.#floats.set(item.data, index * length);
    return { data: this.#floats.subarray(0, length * items.length), shape: [items.length, ...first.shape.slice(1)] };
  }
}
