import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';

/** Instruction sets that kernels of matrix products are chosen by; other flags of a processor change with the kernel. */
const INSTRUCTION_SETS =
  /^(sse\d*(_\d)?|ssse3|sse4[a_]\d?|avx.*|fma|f16c|bmi\d|amx.*|gfni|vaes|fp|fphp|neon|vfpv\d|asimd.*|sve.*|sme.*|i8mm|bf16|f32mm|atomics|rvv|v)$/;

/** Lines of /proc/cpuinfo that tell one kind of core from another, on x64 and arm64. */
const IDENTITY_LINES =
  /^(vendor_id|cpu family|model|model name|stepping|CPU (?:implementer|architecture|variant|part|revision))\s*:\s*(.*)$/gm;
const FEATURE_LINES = /^(?:flags|Features)\s*:\s*(.*)$/gm;

/**
 * The processor of this machine, as far as it decides how weights are packed: architecture, kinds of cores, instruction
 * sets. One line of text.
 */
export async function describeProcessor(cpuinfo?: string): Promise<string> {
  const text = cpuinfo ?? (await readFile('/proc/cpuinfo', 'utf8').catch(() => ''));
  const identities = [...text.matchAll(IDENTITY_LINES)].map(([, name, value]) => `${name} ${value}`);
  const features = [...text.matchAll(FEATURE_LINES)].flatMap(([, list = '']) => list.split(/\s+/));
  const sets = new Set(features.filter((feature) => INSTRUCTION_SETS.test(feature)));
  const models = text === '' ? cpus().map(({ model }) => model) : [];
  return [process.arch, ...new Set([...identities, ...models]), ...[...sets].sort()].join(', ').slice(0, 4000);
}
