import { setImmediate } from 'node:timers/promises';
import { isSensebindError, SensebindError } from '../../errors';
import type { Engine } from '../../inference/engine';
import type { EncoderInput } from '../../preprocess/input';
import type { Preprocessor } from '../../preprocess/preset';
import type { Modality } from '../../reading';
import type { Pair, Place } from './pairs';
import { pictureInput, storedInput } from './readingInput';
import { readingsOf, type Session, type Side, type Sources } from './tracks';

/** Pairs as numbers: what training reads. */
export interface Examples {
  /** Those pairs whose readings both encoders take, by index in the list of pairs, ascending. */
  readonly pairs: readonly number[];
  /** An item a pair, in the order of {@link pairs}. */
  readonly items: Float32Array;
  readonly itemLength: number;
  /** A unit vector a pair, by the frozen encoder. */
  readonly targets: Float32Array;
  readonly dimensions: number;
}

export interface CollectOptions {
  readonly recordings: readonly string[];
  readonly sources: Sources;
  readonly sessions: readonly Session[];
  readonly pairs: readonly Pair[];
  readonly anchor: { readonly engine: Engine; readonly modality: Modality; readonly dimensions: number };
  readonly sensor: { readonly preprocessor: Preprocessor; readonly itemLength: number };
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of embeddings and items that are there. */
  readonly onDone?: (done: number) => void;
}

/** Examples in memory at most: 16-bit files would take half, but nobody has asked for more yet. */
const MOST_BYTES = 2 ** 31;
/** Embeddings under way: the worker is never idle, and few pictures are held. */
const IN_FLIGHT = 3;
/** Items between two turns of the event loop. */
const ITEMS_A_TURN = 16;

/**
 * Embeds the anchor's side of every pair with the engine, and prepares the new sensor's side.
 *
 * @throws {SensebindError} `INPUT_TOO_LARGE` for more pairs than memory is for; what the engine and the preset throw when
 * no pair at all is taken by both.
 */
export async function collectExamples(options: CollectOptions): Promise<Examples> {
  const { pairs, anchor, sensor } = options;
  requireRoom(pairs.length, sensor.itemLength + anchor.dimensions);
  const collector = new Collector(options);
  await collector.fromMemory();
  await collector.fromRecordings();
  return collector.finish();
}

class Collector {
  readonly #options: CollectOptions;
  readonly #items: Float32Array;
  readonly #targets: Float32Array;
  /** How many of the two sides are there, by pair. */
  readonly #sides: Uint8Array;
  readonly #flying = new Set<Promise<void>>();
  #firstRefusal: unknown;
  #failure: unknown;
  #done = 0;

  constructor(options: CollectOptions) {
    const { pairs, sensor, anchor } = options;
    this.#options = options;
    this.#items = new Float32Array(pairs.length * sensor.itemLength);
    this.#targets = new Float32Array(pairs.length * anchor.dimensions);
    this.#sides = new Uint8Array(pairs.length);
  }

  /** What the survey has kept. */
  async fromMemory(): Promise<void> {
    const { pairs, sessions, signal } = this.#options;
    for (const [index, pair] of pairs.entries()) {
      const session = sessions[pair.session];
      if (session === undefined) continue;
      const anchor = storedInput(session.anchor, pair.anchor);
      const sensor = storedInput(session.sensor, pair.sensor);
      if (anchor !== undefined) await this.#take('anchor', index, anchor);
      if (sensor !== undefined) await this.#take('sensor', index, sensor);
      if (index % ITEMS_A_TURN === 0) await setImmediate();
      signal?.throwIfAborted();
    }
    await this.#land(0);
  }

  /** Pictures, which are read once more. */
  async fromRecordings(): Promise<void> {
    const { recordings, sources, sessions, pairs, signal } = this.#options;
    const wanted = new Map<string, number>();
    for (const [index, pair] of pairs.entries()) {
      const session = sessions[pair.session];
      if (session === undefined) continue;
      const { recording, run, anchor, sensor } = session;
      if (anchor.kind === 'pictures')
        wanted.set(keyOf({ recording, run, side: 'anchor', ...momentOf(pair.anchor) }), index);
      if (sensor.kind === 'pictures')
        wanted.set(keyOf({ recording, run, side: 'sensor', ...momentOf(pair.sensor) }), index);
    }
    if (wanted.size === 0) return;
    for (const [recording, path] of recordings.entries()) {
      for await (const { side, run, index, reading } of readingsOf(path, sources, { signal })) {
        const pair = wanted.get(keyOf({ recording, run, side, index }));
        if (pair === undefined) continue;
        const input = pictureInput(reading);
        if (input !== undefined) await this.#take(side, pair, input);
      }
    }
    await this.#land(0);
  }

  finish(): Examples {
    const { pairs, sensor, anchor } = this.#options;
    const whole = [...pairs.keys()].filter((index) => this.#sides[index] === 2);
    if (whole.length === 0 && this.#firstRefusal !== undefined) throw this.#firstRefusal;
    for (const [row, index] of whole.entries()) {
      move(this.#items, { from: index, to: row, length: sensor.itemLength });
      move(this.#targets, { from: index, to: row, length: anchor.dimensions });
    }
    return {
      pairs: whole,
      items: this.#items.subarray(0, whole.length * sensor.itemLength),
      itemLength: sensor.itemLength,
      targets: this.#targets.subarray(0, whole.length * anchor.dimensions),
      dimensions: anchor.dimensions,
    };
  }

  /** The engine holds the memory of an input, or has copied it, as soon as it was asked. */
  async #take(side: Side, index: number, input: EncoderInput): Promise<void> {
    const work = side === 'anchor' ? this.#embed(index, input) : this.#prepare(index, input);
    const landed = work.then(
      () => this.#count(index),
      (error: unknown) => this.#refuse(error),
    );
    const flight = landed.finally(() => this.#flying.delete(flight));
    this.#flying.add(flight);
    await this.#land(side === 'anchor' ? IN_FLIGHT : 0);
  }

  async #embed(index: number, input: EncoderInput): Promise<void> {
    const { anchor, signal } = this.#options;
    const { vector } = await anchor.engine.encode(anchor.modality, input, signal === undefined ? {} : { signal });
    this.#targets.set(vector, index * anchor.dimensions);
  }

  async #prepare(index: number, input: EncoderInput): Promise<void> {
    const { preprocessor, itemLength } = this.#options.sensor;
    const { items } = await preprocessor.prepare(input);
    const [item] = items;
    if (items.length !== 1 || item?.data.length !== itemLength) {
      throw new SensebindError('INTERNAL', `Expected one item, found ${items.length}`, 'Please report this.');
    }
    this.#items.set(item.data, index * itemLength);
  }

  async #land(most: number): Promise<void> {
    while (this.#flying.size > most) await Promise.race(this.#flying);
    if (this.#failure !== undefined) throw this.#failure;
  }

  #count(index: number): void {
    this.#sides[index] = (this.#sides[index] ?? 0) + 1;
    this.#options.onDone?.(++this.#done);
  }

  /** A reading that an encoder does not take costs a pair; anything else ends the work. */
  #refuse(error: unknown): void {
    const isOfReading = isSensebindError(error) && error.code.startsWith('INPUT_');
    if (isOfReading) this.#firstRefusal ??= error;
    else this.#failure ??= error;
  }
}

function requireRoom(pairs: number, numbers: number): void {
  const bytes = pairs * numbers * Float32Array.BYTES_PER_ELEMENT;
  if (bytes <= MOST_BYTES) return;
  throw new SensebindError(
    'INPUT_TOO_LARGE',
    `Expected pairs of at most ${MOST_BYTES} bytes in memory, found ${pairs} pairs of ${bytes} bytes`,
    'Take fewer: --every 1s leaves out what comes sooner after a pair.',
  );
}

function momentOf(place: Place): { readonly index: number } {
  return { index: place.kind === 'moment' ? place.index : -1 };
}

function keyOf({
  recording,
  run,
  side,
  index,
}: {
  readonly recording: number;
  readonly run: number;
  readonly side: Side;
  readonly index: number;
}): string {
  return `${recording} ${run} ${side} ${index}`;
}

function move(
  numbers: Float32Array,
  { from, to, length }: { readonly from: number; readonly to: number; readonly length: number },
): void {
  if (from !== to) numbers.copyWithin(to * length, from * length, (from + 1) * length);
}
