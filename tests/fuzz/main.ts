import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fuzz } from './fuzz';
import type { FuzzTarget } from './target';
import { TARGETS } from './targets';

/** `node dist/tests/fuzz/main.js [--seconds N] [--seed N]`: each target for N seconds; exit code 1 when one fails. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '10' },
      seed: { type: 'string', default: String(Date.now() % 1e6) },
    },
  });
  const seconds = Number(values.seconds);
  const seed = Number(values.seed);
  for (const target of TARGETS) {
    const passed = await runTarget(target, { seconds, seed });
    if (!passed) process.exitCode = 1;
  }
  console.log(`largest resident memory: ${(process.resourceUsage().maxRSS / 1024).toFixed()} MiB`);
}

async function runTarget(
  target: FuzzTarget,
  { seconds, seed }: { readonly seconds: number; readonly seed: number },
): Promise<boolean> {
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1000;
  const { cases, failure } = await fuzz(target, { seed, goOn: () => elapsed() < seconds });
  console.log(`${target.name}: ${cases} cases, ${(cases / elapsed()).toFixed()} a second, seed ${seed}`);
  if (failure === undefined) return true;
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'sensebind-fuzz-')), target.name);
  writeFileSync(file, failure.input);
  console.log(`  case ${cases} failed; its input is in ${file}`, failure.error);
  return false;
}

void main();
