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
}

/** Behind all others: it has no hurry. */
const NICENESS = 19;

async function build({ runtimeModule, threads, key, ...request }: BuildRequest): Promise<CopyResult> {
  await standBackFurther();
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

/** Gets what computing time nobody wants, and is what the kernel ends when memory is short. Where that is not to be had, it works all the same. */
async function standBackFurther(): Promise<void> {
  try {
    setPriority(0, NICENESS);
    await writeFile('/proc/self/oom_score_adj', '1000');
  } catch {
    // Only on Linux, and not in every sandbox.
  }
}

answerParent(build);
