import '../../../models/onnx/noTelemetry';
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
  if (inBackground) standAside();
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

/** Gets the computing time that nobody else wants. */
function standAside(): void {
  try {
    setPriority(0, NICENESS);
  } catch {
    // Not in every sandbox: it works all the same.
  }
}

answerParent(build);
