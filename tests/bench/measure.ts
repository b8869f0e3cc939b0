/** One line of the bench's table: a measured figure, its budget, and whether it holds. */
export interface Figure {
  readonly name: string;
  /** Shown as is, with its unit. */
  readonly measured: string;
  readonly budget: string;
  readonly holds: boolean;
  /** The budget was missed here before and nobody has mended that yet: said, and no reason to fail. */
  readonly isKnownMiss?: boolean;
  /** Raw numbers, for the JSON of the run. */
  readonly details: Readonly<Record<string, number | string>>;
  /** Of two things in one run: the one number that may be compared with other runs on the same processor (ratios.ts). */
  readonly ratio?: Ratio;
}

export interface Ratio {
  readonly value: number;
  readonly better: 'higher' | 'lower';
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The value that `share` of all values do not exceed, interpolated between neighbours. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/**
 * Times several pieces of work in turn, round after round, so that a machine that speeds up or slows down does so for
 * all of them. One round to warm up is not counted.
 */
export async function interleaved<Name extends string>(
  works: Readonly<Record<Name, () => unknown>>,
  rounds: number,
): Promise<Readonly<Record<Name, readonly number[]>>> {
  const names = Object.keys(works) as Name[];
  const millis = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (const name of names) await works[name]();
  for (let round = 0; round < rounds; round++) {
    for (const name of names) millis[name].push(await timed(works[name]));
  }
  return millis;
}

/** The best of many rounds, and whether more of them would have told another. */
export interface Best<Name extends string> {
  readonly millis: Readonly<Record<Name, number>>;
  readonly rounds: number;
  readonly isSettled: boolean;
}

const FEWEST_ROUNDS = 5;
/** As many of the best rounds agree to this share where nothing disturbed them. */
const AGREEING_ROUNDS = 3;
const AGREEMENT = 0.03;

/**
 * Times several pieces of work in turn until the best rounds of each agree, or for so many seconds: the less a machine is
 * left alone, the more rounds it takes until some of them were.
 */
export async function bestInterleaved<Name extends string>(
  works: Readonly<Record<Name, () => unknown>>,
  { seconds }: { readonly seconds: number },
): Promise<Best<Name>> {
  const end = performance.now() + 1000 * seconds;
  const names = Object.keys(works) as Name[];
  const all: Record<Name, readonly number[]> = { ...(await interleaved(works, FEWEST_ROUNDS)) };
  const settled = (): boolean => names.every((name) => isSettled(all[name]));
  while (!settled() && performance.now() < end) {
    for (const name of names) all[name] = [...all[name], await timed(works[name])];
  }
  const millis = Object.fromEntries(names.map((name) => [name, Math.min(...all[name])])) as Record<Name, number>;
  return { millis, rounds: Math.min(...names.map((name) => all[name].length)), isSettled: settled() };
}

/** Whether the best of these agree. */
export function isSettled(millis: readonly number[]): boolean {
  const [best = 0, ...rest] = [...millis].sort((a, b) => a - b).slice(0, AGREEING_ROUNDS);
  return rest.every((other) => other <= best * (1 + AGREEMENT));
}

/** Prints figures as a table; returns whether all budgets hold. */
export function printFigures(figures: readonly Figure[]): boolean {
  const columns = ['', 'figure', 'measured', 'budget'];
  const rows = figures.map((figure) => [verdictOf(figure), figure.name, figure.measured, figure.budget]);
  const widths = columns.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of [columns, ...rows]) {
    console.log(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  }
  return figures.every(({ holds, isKnownMiss = false }) => holds || isKnownMiss);
}

function verdictOf({ holds, isKnownMiss = false }: Figure): string {
  if (holds) return 'ok';
  return isKnownMiss ? 'miss, known' : 'MISS';
}
