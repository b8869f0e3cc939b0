import path from 'node:path';
import { runHelper } from '../helperProcess';
import type { MachineRate } from './estimate';
import type { MatrixRequest } from './matrixProgram';

/**
 * Measures in about a second how fast this machine multiplies matrices of 1024 × 1024 float32 with `threads` threads.
 *
 * @throws {SensebindError} `CONFIG_INVALID` where onnxruntime does not load, `PROGRAM_FAILED`, `REQUEST_ABORTED`.
 */
export function measureMachine(options: {
  readonly threads: number;
  /** Name or path of the onnxruntime module. */
  readonly runtimeModule?: string;
  readonly signal?: AbortSignal;
}): Promise<MachineRate> {
  const { threads, runtimeModule = 'onnxruntime-node', signal } = options;
  const request: MatrixRequest = { threads, runtimeModule };
  return runHelper(path.join(__dirname, 'matrixProgram.js'), request, {
    purpose: 'multiplies matrices',
    ...(signal === undefined ? {} : { signal }),
  });
}
