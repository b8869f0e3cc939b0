/**
 * onnxruntime-node with faults on demand, for encoder workers: give {@link FAULTY_RUNTIME} as `runtimeModule`, and make
 * the faults of {@link RuntimeFaults} before the engine opens. Everything else is the real runtime; its `cuda` computes
 * on the CPU.
 */
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';
import * as onnxruntime from 'onnxruntime-node';

export const FAULTY_RUNTIME = __filename;

/** The native calls that can go wrong. */
const CALLS = ['cpu create', 'cpu run', 'cuda create', 'cuda run', 'cuda release'] as const;
export type FaultyCall = (typeof CALLS)[number];

/**
 * `refuse`: the call fails. `crash`: an error that nobody catches. `exit`: the thread ends itself. `block`: the call takes
 * until {@link RuntimeFaults.unblock}. `slow`: it takes {@link RuntimeFaults.slowMillis} longer. `lie`: the numbers are
 * wrong; `nan`, `infinite` and `zero`: they are that.
 */
const FAULTS = ['none', 'refuse', 'crash', 'exit', 'block', 'slow', 'lie', 'nan', 'infinite', 'zero'] as const;

/** What replaces all numbers. */
const NUMBERS: Partial<Record<Fault, number>> = { nan: Number.NaN, infinite: Number.POSITIVE_INFINITY, zero: 0 };
export type Fault = (typeof FAULTS)[number];

const COUNTERS = ['blocked', 'cpu created', 'cuda created', 'released', 'runs', 'items'] as const;
export type Counter = (typeof COUNTERS)[number];

const KEY = 'sensebind-faulty-runtime';
const COUNTERS_START = 2 * CALLS.length;
const GATE = COUNTERS_START + COUNTERS.length;
const SLOW_MILLIS = GATE + 1;

/** Words that the test writes and the workers read, and the other way round. */
export class RuntimeFaults {
  readonly #words: Int32Array<SharedArrayBuffer>;

  constructor(words = new Int32Array(new SharedArrayBuffer(4 * (SLOW_MILLIS + 1)))) {
    this.#words = words;
    if (isMainThread) setEnvironmentData(KEY, words);
  }

  /** The faults of the test that started this worker. */
  static ofThisWorker(): RuntimeFaults {
    return new RuntimeFaults(getEnvironmentData(KEY) as Int32Array<SharedArrayBuffer>);
  }

  /** The next `times` calls of that kind have this fault. */
  make(fault: Fault, call: FaultyCall, times = 1): void {
    Atomics.store(this.#words, 2 * CALLS.indexOf(call), FAULTS.indexOf(fault));
    Atomics.store(this.#words, 2 * CALLS.indexOf(call) + 1, times);
  }

  set slowMillis(millis: number) {
    Atomics.store(this.#words, SLOW_MILLIS, millis);
  }

  unblock(): void {
    Atomics.store(this.#words, GATE, 1);
    Atomics.notify(this.#words, GATE);
  }

  count(counter: Counter): number {
    return Atomics.load(this.#words, COUNTERS_START + COUNTERS.indexOf(counter));
  }

  /** Resolves when calls have been blocked. */
  async untilBlocked(calls = 1): Promise<void> {
    while (this.count('blocked') < calls) await new Promise((resolve) => setImmediate(resolve));
  }

  add(counter: Counter, amount = 1): void {
    Atomics.add(this.#words, COUNTERS_START + COUNTERS.indexOf(counter), amount);
  }

  /** Worker: does what was asked for; returns the fault, where it is one of the numbers. */
  async meet(call: FaultyCall): Promise<Fault | undefined> {
    const place = 2 * CALLS.indexOf(call);
    const due = Atomics.load(this.#words, place + 1) > 0 && Atomics.sub(this.#words, place + 1, 1) > 0;
    const fault = due ? FAULTS[Atomics.load(this.#words, place)] : 'none';
    if (fault === 'refuse') throw new Error(`planned failure of ${call}: out of memory`);
    if (fault === 'exit') process.exit(9);
    if (fault === 'crash') {
      setImmediate(() => {
        throw new Error(`planned crash in ${call}`);
      });
      await new Promise(() => undefined);
    }
    if (fault === 'block') {
      this.add('blocked');
      // As a native call does, this holds the thread.
      Atomics.wait(this.#words, GATE, 0);
    }
    if (fault === 'slow') Atomics.wait(this.#words, GATE, 0, Atomics.load(this.#words, SLOW_MILLIS));
    return fault;
  }
}

type RealSession = onnxruntime.InferenceSession;

/** A session of the real runtime, in which calls may go wrong. */
class FaultySession {
  constructor(
    readonly session: RealSession,
    readonly provider: 'cpu' | 'cuda',
    readonly faults: RuntimeFaults,
  ) {}

  get inputNames(): readonly string[] {
    return this.session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.session.outputNames;
  }

  get inputMetadata(): RealSession['inputMetadata'] {
    return this.session.inputMetadata;
  }

  get outputMetadata(): RealSession['outputMetadata'] {
    return this.session.outputMetadata;
  }

  async run(feeds: onnxruntime.InferenceSession.FeedsType): Promise<onnxruntime.InferenceSession.ReturnType> {
    this.faults.add('runs');
    this.faults.add('items', Object.values(feeds)[0]?.dims[0] ?? 0);
    const fault = (await this.faults.meet(`${this.provider} run`)) ?? 'none';
    const results = await this.session.run(feeds);
    for (const { data } of Object.values(results)) if (data instanceof Float32Array) distort(data, fault);
    return results;
  }

  async release(): Promise<void> {
    if (this.provider === 'cuda') await this.faults.meet('cuda release');
    await this.session.release();
    this.faults.add('released');
  }
}

function distort(numbers: Float32Array, fault: Fault): void {
  if (fault === 'lie') numbers.reverse();
  const number = NUMBERS[fault];
  if (number !== undefined) numbers.fill(number);
}

async function create(modelPath: string, options: onnxruntime.InferenceSession.SessionOptions): Promise<FaultySession> {
  const faults = RuntimeFaults.ofThisWorker();
  const provider = options.executionProviders?.[0] === 'cuda' ? 'cuda' : 'cpu';
  faults.add(`${provider} created`);
  await faults.meet(`${provider} create`);
  const session = await onnxruntime.InferenceSession.create(modelPath, { ...options, executionProviders: ['cpu'] });
  return new FaultySession(session, provider, faults);
}

export const InferenceSession = { create };
export const { Tensor } = onnxruntime;
export const listSupportedBackends = (): readonly { readonly name: string; readonly bundled: boolean }[] => [
  { name: 'cpu', bundled: true },
  { name: 'cuda', bundled: false },
];
