import '../../../models/onnx/noTelemetry';
import { writeFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { answerParent } from '../helperProcess';
import { loadRuntime } from '../session';
import { type CopyRequest, type CopyResult, makeCopy } from './build';
import { machineKey } from './key';

/** A copy to be made in a process of its own; without a key, under that of this machine. */
export interface BuildRequest extends Omit<CopyRequest, 'key'> {
  readonly key?: CopyRequest['key'];
  readonly runtimeModule: string;
  readonly threads: number;
  /** Whether nobody waits for it. */
  readonly inBackground: boolean;
}

/** Behind all others, encoders too. */
const NICENESS = 15;

async function build({ runtimeModule, threads, inBackground, key, ...request }: BuildRequest): Promise<CopyResult> {
  await standAside(inBackground);
  const runtime = loadRuntime(runtimeModule);
  const found = key ?? (await ownKey(runtime, request.setup.hash));
  if (found === undefined) return { kind: 'never', reason: 'this build of onnxruntime does not say which one it is' };
  return makeCopy({ ...request, key: found }, { runtime, threads });
}

async function ownKey(
  runtime: Parameters<typeof machineKey>[0],
  encoder: string,
): Promise<CopyRequest['key'] | undefined> {
  const machine = await machineKey(runtime);
  return machine === undefined ? undefined : { encoder, ...machine };
}

/** Is what the kernel ends when memory is short, and in the background gets the computing time that nobody else wants. */
async function standAside(inBackground: boolean): Promise<void> {
  try {
    if (inBackground) setPriority(0, NICENESS);
    await writeFile('/proc/self/oom_score_adj', '1000');
  } catch {
    // Only on Linux, and not in every sandbox: it works all the same.
  }
}

answerParent(build);
