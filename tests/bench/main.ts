/**
 * Design.md's budgets, measured: one table, and a JSON of the run in bench-results/. Exit code 1 when one is missed three
 * times. See {@link USAGE}.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { busyShare } from '../../runtime/cli/bench/machine';
import { type Millis, systemClock } from '../../runtime/clock';
import { repositoryRoot } from '../support/paths';
import { type Figure, printFigures } from './measure';
import { PARTS, type Part, Run } from './parts';
import {
  merged,
  type Regression,
  readRatios,
  regressionOf,
  regressionText,
  type StoredRatios,
  thisMachine,
  writeRatios,
} from './ratios';
import { bestOf } from './repeat';

const USAGE = `npm run bench [-- OPTIONS]

Measures the budgets of the design: a table, and a JSON in bench-results/. What misses its budget is measured three times;
exit code 1 when it misses each time. Ratios are compared with those that are stored for the same kind of processor in
tests/bench/ratios/: more than 10 % worse in three measurements is a warning.

  --only NAMES  some parts, such as forward,preprocessing
  --short       smaller: without the two largest encoders, seconds in place of minutes
  --store       keep the ratios of this run for this kind of processor; on a machine that does nothing else
  --help        this text

Parts:
${PARTS.map(({ name, what }) => `  ${name.padEnd(15)} ${what}`).join('\n')}`;

const IDLE = 2000 as Millis;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      short: { type: 'boolean', default: false },
      only: { type: 'string' },
      store: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const parts = partsOf(values.only);
  if (values.help || parts === undefined) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const { file, stored } = await readRatios();
  const busy = await busyShare(systemClock, IDLE, new AbortController().signal);
  const folder = await mkdtemp(path.join(tmpdir(), 'sensebind-bench-'));
  try {
    const run = new Run({ folder, isShort: values.short });
    const figures: Figure[] = [];
    for (const part of parts) figures.push(...(await measured(part, run, stored)));
    const holds = printFigures(figures);
    const regressions = figures.flatMap((figure) => regressionOf(figure, stored) ?? []);
    for (const regression of regressions) console.log(regressionText(regression));
    if (stored === undefined) console.log('no ratios are stored for this kind of processor: see --store');
    await save(figures, { regressions, busy });
    if (values.store) {
      const about = { ...(await thisMachine()), time: new Date().toISOString(), node: process.version };
      await writeRatios(file, merged(stored, figures, { ...about, busyShare: Number(busy.toFixed(2)) }));
      console.log(
        `ratios stored in ${path.relative(process.cwd(), file)}, ${(100 * busy).toFixed(0)} % of all cores busy before`,
      );
    }
    return holds ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Those that are named, in the order of the table; nothing where a name is none. */
function partsOf(only: string | undefined): readonly Part[] | undefined {
  if (only === undefined) return PARTS;
  const names = only.split(',');
  const stranger = names.find((name) => !PARTS.some((part) => part.name === name));
  if (stranger === undefined) return PARTS.filter(({ name }) => names.includes(name));
  console.error(`expected names of parts after --only, found "${stranger}"\n`);
  return undefined;
}

async function measured(part: Part, run: Run, stored: StoredRatios | undefined): Promise<readonly Figure[]> {
  if (part.without) {
    console.error(`SKIPPED: ${part.name}: ${part.without}`);
    return [];
  }
  console.error(`${part.name} …`);
  const figures: Figure[] = [];
  for (const measure of part.measurements(run)) {
    const found = await bestOf(measure, {
      isWorse: (figure) => regressionOf(figure, stored) !== undefined,
      onAgain: () => console.error(`${part.name}, again …`),
    });
    figures.push(...found);
  }
  return figures;
}

async function save(
  figures: readonly Figure[],
  { regressions, busy }: { readonly regressions: readonly Regression[]; readonly busy: number },
): Promise<void> {
  const results = path.join(repositoryRoot, 'bench-results');
  await mkdir(results, { recursive: true });
  const time = new Date().toISOString();
  const machine = {
    node: process.version,
    cores: availableParallelism(),
    processor: cpus()[0]?.model,
    busyShare: busy,
  };
  const file = path.join(results, `${time.replaceAll(':', '-')}.json`);
  await writeFile(file, `${JSON.stringify({ time, machine, figures, regressions }, null, 2)}\n`);
  console.log(`written to ${path.relative(process.cwd(), file)}`);
}

void main().then((code) => {
  process.exitCode = code;
});
