import { systemClock } from '../clock';
import { messageOf } from '../errors';
import type { EncoderInput } from '../preprocess/input';
import type { Item, Prepared, Preprocessor } from '../preprocess/preset';
import { presetOf } from '../preprocess/presets';
import { tensorItems } from '../preprocess/tensor';
import type { Modality } from '../reading';
import { ItemCache } from './itemCache';
import type { EncodeOutcome, EncoderSetup, PreparedItems, ProviderInUse, TensorData } from './protocol';
import type { Providers } from './providers';
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
  #preprocessor: Preprocessor | undefined;
  #session: EncoderSession | undefined;

  constructor(options: EncoderOptions) {
    this.#options = options;
  }

  /** Brings the session into memory, where it is not yet. */
  async load(): Promise<EncoderSession> {
    if (this.#session !== undefined) return this.#session;
    const { providers, setup, onProvider } = this.#options;
    const { session, inUse } = await providers.open(setup);
    this.#session = session;
    onProvider(inUse);
    return session;
  }

  async prepare(input: EncoderInput): Promise<PreparedItems> {
    const { items, flags } = await this.#preprocess(input);
    return { items: items.map(({ data, shape }) => ({ data: data.slice(), shape })), flags };
  }

  async encode(input: EncoderInput): Promise<EncodeOutcome> {
    const start = systemClock.monotonicMicros();
    const { items, flags } = await this.#preprocess(input);
    const prepared = systemClock.monotonicMicros();
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

  /** Picture decoding is native code of another kind, so this too is shown on the flags. */
  async #preprocess(input: EncoderInput): Promise<Prepared> {
    return this.#options.flags.during('preparing', () => {
      if (input.kind === 'tensor') return tensorItems(input, this.#options.setup.spec);
      this.#preprocessor ??= this.#createPreprocessor();
      return this.#preprocessor.prepare(input);
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
      const found = (await this.#run(stack(batch))).map(unit);
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
      const { providers, setup, onProvider } = this.#options;
      await this.release();
      this.#session = await providers.openOnCpu(setup);
      onProvider({ provider: 'cpu', reason: `${session.provider} failed while running: ${messageOf(error)}` });
      return this.#session.run(batch);
    }
  }
}

/** The items as one batch; a single one is taken as it is. */
function stack(items: readonly Item[]): TensorData {
  const [first] = items;
  if (first === undefined) return { data: new Float32Array(), shape: [0] };
  if (items.length === 1) return first;
  const length = first.data.length;
  const data =
    first.data instanceof Int32Array ? new Int32Array(length * items.length) : new Float32Array(length * items.length);
  for (const [index, item] of items.entries()) data.set(item.data, index * length);
  return { data, shape: [items.length, ...first.shape.slice(1)] };
}
