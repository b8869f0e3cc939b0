import type { Command } from 'commander';
import { evaluate } from '../learn/evaluate/evaluate';
import { evaluationTable, markdownOf } from '../learn/evaluate/table';
import { type BundleOptions, openNamedBundle } from './bundle';
import { untilInterrupted } from './interrupt';
import { print, printJson, printNote, printTable } from './output';
import { startCounting } from './progress';
import { parseWhole } from './wholeNumber';

interface EvalFlags extends BundleOptions {
  readonly scenes: string;
  readonly seed: string;
  readonly labelled: string;
  readonly markdown?: boolean;
}

/** A hundred a label. */
const SCENES = 2400;
/** More than any interval here needs. */
const MOST_SCENES = 100_000;
/** Not 0: that is the world of training, though its scenes are others in any case. */
const SEED = 1;
const LABELLED = 64;
const MOST_LABELLED = 10_000;
const MOST_SEED = 2 ** 20 - 1;

const EXAMPLES = `
Every encoder that a sensor of the simulated world feeds is judged through the engine on scenes that no training set has:
zero-shot labels, retrieval and embedding arithmetic, beside chance and what the raw signal alone tells. Columns that need
other weights come from results.json beside the bundle, and only when it belongs to this very bundle.

Examples:
  sensebind eval
  sensebind eval --bundle ./bundle --seed 77
  sensebind eval --bundle ./bundle --markdown > table.md`;

/** `sensebind eval`: the table that shows what a bundle knows of the simulated world. */
export function registerEval(program: Command): void {
  program
    .command('eval')
    .description('judge a bundle on new scenes of the simulated world')
    .option('--bundle <folder>', 'bundle to judge')
    .option('--scenes <number>', 'new scenes, and as many of held-out pairs', String(SCENES))
    .option('--seed <number>', 'which scenes: another number, scenes never used before', String(SEED))
    .option('--labelled <number>', 'labelled scenes of each event for the trivial classifier', String(LABELLED))
    .option('--markdown', 'print the table as Markdown')
    .option('--json', 'print all figures as JSON')
    .addHelpText('after', EXAMPLES)
    .action((flags: EvalFlags) => untilInterrupted((signal) => run({ ...flags, signal })));
}

async function run(flags: EvalFlags & { readonly signal: AbortSignal }): Promise<void> {
  const scenes = parseWhole('--scenes', flags.scenes, { least: 1, most: MOST_SCENES, command: 'eval' });
  const seed = parseWhole('--seed', flags.seed, { least: 0, most: MOST_SEED, command: 'eval' });
  const labelledPerEvent = parseWhole('--labelled', flags.labelled, { least: 1, most: MOST_LABELLED, command: 'eval' });
  const bundle = await openNamedBundle(flags);
  const progress = startCounting({ json: flags.json === true, unit: 'scenes' });
  const report = await evaluate(bundle, {
    scenes,
    seed,
    labelledPerEvent,
    signal: flags.signal,
    onProgress: ({ scenes: done, of }) => progress.update({ step: 'judge', done, total: of }),
  }).finally(() => progress.stop());
  if (flags.json) return printJson(report);
  const table = evaluationTable(report);
  if (flags.markdown) return print(markdownOf(table));
  printTable(table.head, table.rows);
  for (const note of table.notes) print(note);
  if (report.controls.status === 'refused') printNote(`note: stored columns refused: ${report.controls.reason}`);
}
