/**
 * `node measuredEncoder.js WORK`, started by `sensebind bench` with a channel for messages: one encoder in a process of
 * its own, so that its memory is told apart. Windows go the way of a live source's, through the engine and its worker.
 */
import { openBundle } from '../../../models/bundle/bundle';
import { systemClock } from '../../clock';
import { isSensebindError, messageOf, SensebindError } from '../../errors';
import { type EncodeTimings, Engine } from '../../inference/engine';
import { grown, ownMemory } from '../../inference/plan/processMemory';
import { toWire } from '../../inference/wireError';
import { type Inputs, inputsOf, tensors } from './inputs';
import { type CopyInUse, type Found, type Message, spreadOf, type Work } from './work';

/** The compiler of V8 takes some dozens of windows to settle; slow encoders do not wait for that. */
const WARM_WINDOWS = 40;
const WARM_SHARE = 0.25;

const FEWEST_WINDOWS = 3;
/** Beyond this, more windows tell nothing new. */
const MOST_WINDOWS = 20_000;

interface Window extends EncodeTimings {
  readonly wholeMicros: number;
}

async function measure({ bundle: folder, modality, threads, seconds, deviceCache }: Work): Promise<Found> {
  const bundle = await openBundle(folder);
  const manifest = bundle.manifest.encoders[modality];
  if (manifest === undefined) throw new Error(`the bundle has no encoder for ${modality}`);
  const engine = await Engine.open(bundle, { workers: 1, threadsPerWorker: threads, deviceCache });
  try {
    const inputs = await known(engine, modality, inputsOf(modality, manifest), tensors(manifest.input));
    let turn = 0;
    const next = (): Promise<Window> => encode(engine, modality, inputs, turn++);
    const before = await ownMemory();
    const first = await next();
    await repeat(next, { windows: WARM_WINDOWS, seconds: WARM_SHARE * seconds, fewest: 1 });
    send({ kind: 'measuring' });
    const began = systemClock.monotonicMicros();
    const windows = await repeat(next, { windows: MOST_WINDOWS, seconds, fewest: FEWEST_WINDOWS });
    send({ kind: 'measured' });
    const tookSeconds = (systemClock.monotonicMicros() - began) / 1e6;
    const memory = grown(before, await ownMemory());
    const millis = (micros: (window: Window) => number): readonly number[] => windows.map((one) => micros(one) / 1000);
    return {
      windows: windows.length,
      windowsPerSecond: windows.length / tookSeconds,
      window: spreadOf(millis(({ wholeMicros }) => wholeMicros)),
      preprocessing: spreadOf(millis(({ preprocessingMicros }) => preprocessingMicros)),
      forward: spreadOf(millis(({ forwardMicros }) => forwardMicros)),
      loadMillis: Math.max(0, first.wholeMicros - first.preprocessingMicros - first.forwardMicros) / 1000,
      memory,
      deviceCopy: copyInUse(engine, modality),
    };
  } finally {
    await engine.close();
  }
}

function copyInUse(engine: Engine, modality: string): CopyInUse {
  const copy = engine.status().providers[modality]?.deviceCopy;
  return { isUsed: copy?.state === 'used', reason: copy?.reason ?? 'the encoder was not loaded' };
}

/** A tokenizer of few words may not know ours: then it gets token ids. */
async function known(engine: Engine, modality: string, inputs: Inputs, otherwise: Inputs): Promise<Inputs> {
  try {
    if (inputs(0).kind === 'text') await engine.prepare(modality, inputs(0));
    return inputs;
  } catch (error) {
    if (isSensebindError(error) && error.code === 'WORD_UNKNOWN') return otherwise;
    throw error;
  }
}

async function encode(engine: Engine, modality: string, inputs: Inputs, turn: number): Promise<Window> {
  const input = inputs(turn);
  let timings: EncodeTimings | undefined;
  const began = systemClock.monotonicMicros();
  await engine.encode(modality, input, {
    source: 'bench',
    onTimings: (told) => {
      timings = told;
    },
  });
  const wholeMicros = systemClock.monotonicMicros() - began;
  if (timings === undefined) throw new Error('the engine told no timings');
  return { ...timings, wholeMicros };
}

/** Until so many are done or the time is over, but at least the fewest. */
async function repeat(
  next: () => Promise<Window>,
  until: { readonly windows: number; readonly seconds: number; readonly fewest: number },
): Promise<readonly Window[]> {
  const end = systemClock.monotonicMicros() + 1e6 * until.seconds;
  const done: Window[] = [];
  while (done.length < until.windows && (done.length < until.fewest || systemClock.monotonicMicros() < end)) {
    done.push(await next());
  }
  return done;
}

function send(message: Message): void {
  process.send?.(message);
}

function failed(error: unknown): Message {
  if (isSensebindError(error)) return { kind: 'failed', error: toWire(error) };
  const cure = 'This is a mistake in sensebind: please report it with the bundle that led to it.';
  return { kind: 'failed', error: toWire(new SensebindError('ENCODE_FAILED', messageOf(error), cure)) };
}

async function main([text = '']: readonly string[]): Promise<void> {
  // Who started it is gone: nobody waits for the figures.
  process.on('disconnect', () => process.exit());
  // Written by the process that started this one.
  const work = JSON.parse(text) as Work;
  send(await measure(work).then((found): Message => ({ kind: 'found', found }), failed));
  process.disconnect();
}

void main(process.argv.slice(2));
