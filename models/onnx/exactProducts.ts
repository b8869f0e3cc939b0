import { readFileSync } from 'node:fs';

/** Instructions that add products of 8 bits in 32 bits: AVX-512 VNNI, its AVX form, and AMX (Intel SDM vol. 2, CPUID). */
const EXACT: readonly string[] = ['avx512_vnni', 'avx_vnni', 'amx_int8'];

/**
 * Keys of onnxruntime's section `session` that make products of int8 weights exact on this machine.
 *
 * x64 processors without VNNI add pairs of u8 × s8 products in 16 bits, which overflow: an int8 imu encoder that gives
 * the cosine 0.9997 to fp32 elsewhere was at 0.95 there (measured: emulated Haswell). The key makes the runtime take u8
 * weights, which are exact and slower. It does so on processors with VNNI too, for 2.4 times the time (measured: 29 and
 * 71 ms), so that it is set only where it is needed, or where flags cannot be read. Other architectures add in 32 bits.
 */
export function exactProductKeys(
  architecture: string = process.arch,
  flags: () => string = processorFlags,
): Readonly<Record<string, string>> {
  if (architecture !== 'x64') return {};
  const known = new Set(flags().split(/\s+/));
  return EXACT.some((flag) => known.has(flag)) ? {} : { x64quantprecision: '1' };
}

/** Flags of the first core as Linux lists them; nothing where it cannot be asked. Read once a thread. */
function processorFlags(): string {
  found ??= read();
  return found;
}

let found: string | undefined;

function read(): string {
  try {
    return /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  } catch {
    // Another system, or a sandbox: taken for a processor that needs the slower way.
    return '';
  }
}
