import '../../../models/onnx/noTelemetry';
import { readFile } from 'node:fs/promises';
import { systemClock } from '../../clock';
import { answerParent } from '../helperProcess';
import { probeInput } from '../probeInput';
import type { EncoderSetup } from '../protocol';
import { WorkerFlags } from '../quiesce';
import { EncoderSession, loadRuntime } from '../session';
import { type ProcessMemory, parseStatus } from './processMemory';

export interface EncoderRequest {
  readonly setup: EncoderSetup;
  readonly threads: number;
  readonly runtimeModule: string;
}

/** What a process that does nothing else found of one encoder. */
export interface EncoderFigures {
  /** What loading and running it added, bytes; nothing where the system does not say. */
  readonly privateBytes: number | undefined;
  readonly mappedBytes: number | undefined;
  readonly createMillis: number;
  readonly forwardMillis: number;
}

/** A second of runs, and a few of the slowest. */
const LONG_ENOUGH_MICROS = 1e6;
const LEAST_RUNS = 3;

async function measure({ setup, threads, runtimeModule }: EncoderRequest): Promise<EncoderFigures> {
  const runtime = loadRuntime(runtimeModule);
  const before = await ownMemory();
  const start = systemClock.monotonicMicros();
  const session = await EncoderSession.open(setup, { runtime, flags: new WorkerFlags(), threads, provider: 'cpu' });
  const createMicros = systemClock.monotonicMicros() - start;
  const forwardMicros = await fastestRun(session, setup);
  const after = await ownMemory();
  await session.release();
  return {
    privateBytes: difference(after?.privateBytes, before?.privateBytes),
    mappedBytes: difference(after?.mappedBytes, before?.mappedBytes),
    createMillis: createMicros / 1000,
    forwardMillis: forwardMicros / 1000,
  };
}

/** Whatever else the machine does only makes a run slower. The first is not counted: memory comes into being in it. */
async function fastestRun(session: EncoderSession, setup: EncoderSetup): Promise<number> {
  const input = probeInput(setup);
  await session.run(input);
  let fastest = Number.POSITIVE_INFINITY;
  const begin = systemClock.monotonicMicros();
  for (let run = 0; run < LEAST_RUNS || systemClock.monotonicMicros() - begin < LONG_ENOUGH_MICROS; run++) {
    const start = systemClock.monotonicMicros();
    await session.run(input);
    fastest = Math.min(fastest, systemClock.monotonicMicros() - start);
  }
  return fastest;
}

/** Nothing where the system does not tell. */
async function ownMemory(): Promise<ProcessMemory | undefined> {
  return parseStatus(await readFile('/proc/self/status', 'utf8').catch(() => ''));
}

function difference(after: number | null | undefined, before: number | null | undefined): number | undefined {
  return typeof after !== 'number' || typeof before !== 'number' ? undefined : Math.max(0, after - before);
}

answerParent(measure);
