import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fuzz } from './fuzz';
import type { FuzzTarget } from './target';
import { TARGETS } from './targets';

const HELP = `npm run fuzz [-- options]: feeds every reader of outside bytes with damaged examples; exit code 1 when one fails.

  --cases N        examples for each reader (default: 1000000)
  --seconds N      at most this long for each reader
  --seed N         the same examples as in another run
  --target NAME    only this reader: ${TARGETS.map(({ name }) => name).join(', ')}`;

interface FuzzPlan {
  readonly targets: readonly FuzzTarget[];
  readonly cases: number;
  readonly seconds: number;
  readonly seed: number;
}

async function main(): Promise<void> {
  const plan = planOf(process.argv.slice(2));
  if (plan === undefined) {
    console.log(HELP);
    return;
  }
  for (const target of plan.targets) {
    const passed = await runTarget(target, plan);
    if (!passed) process.exitCode = 1;
  }
  console.log(`largest resident memory: ${(process.resourceUsage().maxRSS / 1024).toFixed()} MiB`);
}

/** `undefined` when help is asked for, or when the arguments make no sense: then with exit code 2. */
function planOf(argv: readonly string[]): FuzzPlan | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: { cases: text, seconds: text, seed: text, target: text, help: { type: 'boolean', default: false } },
  });
  if (values.help) return undefined;
  const { cases = '1000000', seconds = 'Infinity', seed = String(Date.now() % 1e6), target } = values;
  const targets = TARGETS.filter(({ name }) => target === undefined || name === target);
  const plan = { targets, cases: Number(cases), seconds: Number(seconds), seed: Number(seed) };
  if (targets.length > 0 && plan.cases > 0 && plan.seconds > 0 && Number.isInteger(plan.seed)) return plan;
  process.exitCode = 2;
  return undefined;
}

async function runTarget(target: FuzzTarget, { cases: most, seconds, seed }: FuzzPlan): Promise<boolean> {
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1000;
  const { cases, failure } = await fuzz(target, { seed, goOn: (done) => done < most && elapsed() < seconds });
  console.log(`${target.name}: ${cases} cases, ${(cases / elapsed()).toFixed()} a second, seed ${seed}`);
  if (failure === undefined) return true;
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'sensebind-fuzz-')), target.name);
  writeFileSync(file, failure.input);
  console.log(`  case ${cases} failed; its input is in ${file}`, failure.error);
  return false;
}

void main();
