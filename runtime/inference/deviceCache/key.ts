import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import Type, { type Static } from '#typebox';
import { type Runtime, sessionOptions } from '../session';
import { describeProcessor } from './processor';

/** All that decides what a prepacked copy looks like. A copy is used only where every word of it is the same. */
export const CacheKey = Type.Object({
  /** SHA-256 of the encoder's files. */
  encoder: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  /** Version and files of onnxruntime. */
  runtime: Type.String({ maxLength: 4096 }),
  processor: Type.String({ maxLength: 4096 }),
  /** Options of the session that change the graph or its kernels. */
  options: Type.String({ maxLength: 4096 }),
});
export type CacheKey = Static<typeof CacheKey>;

/** The part of a key that all encoders of a worker share; nothing where the runtime does not say what it is. */
export type MachineKey = Omit<CacheKey, 'encoder'>;

const requireModule = createRequire(__filename);

/** Name of a key's folder. */
export function nameOf({ encoder, runtime, processor, options }: CacheKey): string {
  const text = JSON.stringify([encoder, runtime, processor, options]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** What this thread's onnxruntime would pack on this machine; nothing where it does not say its version. */
export async function machineKey(runtime: Runtime): Promise<MachineKey | undefined> {
  const identity = runtimeIdentity(runtime);
  if (identity === undefined) return undefined;
  return { runtime: identity, processor: await describeProcessor(), options: relevantOptions() };
}

/** Number of threads, spinning and logs change nothing in the file. */
function relevantOptions(): string {
  const { intraOpNumThreads: _, logSeverityLevel: __, ...options } = sessionOptions({ provider: 'cpu', threads: 1 });
  return JSON.stringify(options);
}

/** Own builds may have the version of a published one: the sizes of the library's files tell them apart. */
function runtimeIdentity(runtime: Runtime): string | undefined {
  const version = (runtime as Partial<Runtime>).env?.versions?.node;
  const binding = Object.keys(requireModule.cache).find((file) => path.basename(file) === 'onnxruntime_binding.node');
  if (version === undefined || binding === undefined) return undefined;
  const folder = path.dirname(binding);
  const files = readdirSync(folder)
    .filter((name) => name.includes('onnxruntime'))
    .sort()
    .map((name) => `${name} ${statSync(path.join(folder, name)).size}`);
  return [version, ...files].join(', ');
}
