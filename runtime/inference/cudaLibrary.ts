import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const CUDA_LIBRARIES: readonly string[] = ['libonnxruntime_providers_cuda.so', 'onnxruntime_providers_cuda.dll'];

const requireModule = createRequire(__filename);

/** Whether the library that `cuda` needs lies in a folder: beside the binding of onnxruntime. */
export function hasCudaLibraryIn(folder: string): boolean {
  return CUDA_LIBRARIES.some((library) => existsSync(path.join(folder, library)));
}

/** As {@link hasCudaLibraryIn}, of an onnxruntime module that need not be loaded; true where its folders are not known. */
export function mayHaveCuda(runtimeModule: string): boolean {
  try {
    const bin = path.join(path.dirname(requireModule.resolve(runtimeModule)), '..', 'bin');
    // bin/napi-v6/linux/x64 in the published package (onnxruntime-node, dist/binding.js).
    return readdirSync(bin).some((version) =>
      hasCudaLibraryIn(path.join(bin, version, process.platform, process.arch)),
    );
  } catch {
    return true;
  }
}
