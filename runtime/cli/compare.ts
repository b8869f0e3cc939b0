import type { Command } from 'commander';
import type { Modality } from '../reading';
import { cosine, softmax } from '../zeroshot/arithmetic';
import { BUNDLE_HELP, type BundleOptions, openNamedBundle } from './bundle';
import { type Encoded, encodeInputs, textInput } from './encodeInputs';
import { addFileOptions, type FileFlags, fileOptions } from './fileOptions';
import { type InputFile, readInputFile } from './files';
import { untilInterrupted } from './interrupt';
import { print, printJson, printNote, printTable, UsageError } from './output';

/** Flag, modality and order of the tables: what is asked about stands in the rows, text in the columns. */
const SIDES = [
  { flag: 'image', modality: 'vision' },
  { flag: 'audio', modality: 'audio' },
  { flag: 'depth', modality: 'depth' },
  { flag: 'thermal', modality: 'thermal' },
  { flag: 'imu', modality: 'imu' },
  { flag: 'radar', modality: 'radar' },
  { flag: 'text', modality: 'text' },
] as const satisfies readonly { readonly flag: string; readonly modality: Modality }[];

type SideFlags = { readonly [flag in (typeof SIDES)[number]['flag']]?: readonly string[] };
type CompareFlags = BundleOptions & FileFlags & SideFlags;

/** Every input of one modality against every input of another. */
interface Comparison {
  readonly rows: { readonly modality: Modality; readonly labels: readonly string[] };
  readonly columns: { readonly modality: Modality; readonly labels: readonly string[] };
  readonly cosines: readonly (readonly number[])[];
  /** Product of both logit scales: what a dot product of ImageBind's raw outputs has (reference/imagebind.md §8). */
  readonly scale: number;
  /** Softmax over each row of cosine × scale; `null` for an untrained bundle, where it would look like an answer. */
  readonly softmax: readonly (readonly number[])[] | null;
}

const EXAMPLES = `
Examples:
  sensebind compare --audio dog.wav car.wav --image dog.png --text "a dog" "a car" --bundle ./bundle
  sensebind compare --depth room.png --text "a kitchen" "a bedroom" --bundle ./bundle --json`;

/** `sensebind compare`: the cross-modal tables of ImageBind's README. */
export function registerCompare(program: Command): void {
  const command = program
    .command('compare')
    .description('compare inputs of different modalities: cosine similarity and softmax, a table a pair of modalities')
    .option('--bundle <folder>', BUNDLE_HELP)
    .option('--json', 'print the tables as JSON');
  for (const { flag, modality } of SIDES) {
    if (modality === 'text') command.option('--text <texts...>', 'texts to compare with');
    else command.option(`--${flag} <files...>`, `files to read as ${modality}`);
  }
  addFileOptions(command)
    .addHelpText('after', EXAMPLES)
    .action((flags: CompareFlags) => untilInterrupted((signal) => compare({ ...flags, signal })));
}

async function compare(flags: CompareFlags & { readonly signal: AbortSignal }): Promise<void> {
  const named = SIDES.reduce((count, { flag }) => count + (flags[flag]?.length ?? 0), 0);
  if (named < 2) throw new UsageError(`expected two inputs or more, found ${named}`, 'See sensebind compare --help.');
  const bundle = await openNamedBundle(flags);
  const inputs = await readInputs(flags);
  const encoded = await encodeInputs(inputs, { bundle, signal: flags.signal });
  const { trained, space, notice } = bundle.manifest;
  const comparisons = pairsOf(encoded).map(([rows, columns]) => comparisonOf(rows, { columns, trained }));
  if (flags.json) return printJson({ bundle: bundle.directory, space, trained, notice, comparisons });

  for (const comparison of comparisons) printComparison(comparison);
  for (const { label, notes, embedding } of encoded) {
    const remarks = [...notes, ...embedding.flags.filter((flag) => flag !== 'untrained')];
    if (remarks.length > 0) printNote(`note: ${label}: ${remarks.join('; ')}`);
  }
  if (!trained) print('No softmax: with random weights it would look like an answer.');
}

async function readInputs(flags: CompareFlags): Promise<readonly InputFile[]> {
  const inputs: InputFile[] = [];
  for (const { flag, modality } of SIDES) {
    for (const value of flags[flag] ?? []) {
      inputs.push(
        modality === 'text' ? textInput(value) : await readInputFile(value, { ...fileOptions(flags), as: modality }),
      );
    }
  }
  return inputs;
}

/** Every two modalities, in the order of {@link SIDES}; inputs of one modality only are compared with each other. */
function pairsOf(encoded: readonly Encoded[]): readonly (readonly [readonly Encoded[], readonly Encoded[]])[] {
  const groups = SIDES.map(({ modality }) => encoded.filter((one) => one.modality === modality)).filter(
    (group) => group.length > 0,
  );
  const [only, ...others] = groups;
  if (only !== undefined && others.length === 0) return [[only, only]];
  return groups.flatMap((rows, index) => groups.slice(index + 1).map((columns) => [rows, columns] as const));
}

function comparisonOf(
  rows: readonly Encoded[],
  { columns, trained }: { readonly columns: readonly Encoded[]; readonly trained: boolean },
): Comparison {
  const cosines = rows.map((row) => columns.map((column) => cosine(row.embedding, column.embedding)));
  const scale = scaleOf(rows) * scaleOf(columns);
  return {
    rows: sideOf(rows),
    columns: sideOf(columns),
    cosines,
    scale,
    softmax: trained ? cosines.map((row) => [...softmax(row, scale)]) : null,
  };
}

function scaleOf(side: readonly Encoded[]): number {
  return side[0]?.embedding.logitScale ?? 1;
}

function sideOf(side: readonly Encoded[]): Comparison['rows'] {
  return { modality: side[0]?.modality ?? '', labels: side.map(({ label }) => label) };
}

function printComparison({ rows, columns, cosines, scale, softmax: shares }: Comparison): void {
  print(`\n${rows.modality} × ${columns.modality}, cosine`);
  printMatrix({ rows: rows.labels, columns: columns.labels, values: cosines });
  if (shares === null) return;
  print(
    `\n${rows.modality} × ${columns.modality}, softmax over ${columns.modality} of cosine × ${Number(scale.toPrecision(6))}`,
  );
  printMatrix({ rows: rows.labels, columns: columns.labels, values: shares });
}

function printMatrix(matrix: {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly values: readonly (readonly number[])[];
}): void {
  printTable(
    ['', ...matrix.columns],
    matrix.rows.map((label, index) => [label, ...(matrix.values[index] ?? []).map((value) => value.toFixed(4))]),
  );
}
