import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { systemFailure } from '../../models/bundle/workspace';
import { presets } from '../preprocess/presets';
import type { Modality } from '../reading';
import { BUNDLE_HELP, type BundleOptions, openNamedBundle } from './bundle';
import { type Encoded, encodeInputs, textInput } from './encodeInputs';
import { addFileOptions, type FileFlags, fileOptions } from './fileOptions';
import { readInputFile } from './files';
import { untilInterrupted } from './interrupt';
import { print, printJson, printNote, printTable, UsageError } from './output';

interface EmbedFlags extends BundleOptions, FileFlags {
  readonly text?: readonly string[];
  readonly as?: Modality;
  readonly preset?: string;
  readonly out?: string;
}

const EXAMPLES = `
Examples:
  sensebind embed door.wav room.png --bundle ./bundle
  sensebind embed frame.raw --as thermal --thermal-size 160x120 --thermal-unit cK --bundle ./bundle
  sensebind embed --text "a dog" "a car" --bundle ./bundle --json`;

/** Numbers of a vector that the table shows. */
const SHOWN = 4;

/** `sensebind embed`: files and text → embeddings. */
export function registerEmbed(program: Command): void {
  const command = program
    .command('embed')
    .description(
      'embed files and text: PNG or JPEG, WAV, 16-bit depth PNG, radiometric thermal, motion CSV, range profiles',
    )
    .argument('[files...]', 'files to embed; their content tells what they are')
    .option('--text <texts...>', 'texts to embed')
    .option('--bundle <folder>', BUNDLE_HELP)
    .option('--as <modality>', 'read every file as this modality')
    .option(
      '--preset <id>',
      `how readings become a tensor: ${presets.map(({ modality, id }) => `${modality}/${id}`).join(', ')}`,
    )
    .option('--out <file>', 'write the full vectors there, as JSON')
    .option('--json', 'print the full vectors as JSON');
  addFileOptions(command)
    .addHelpText('after', EXAMPLES)
    .action((files: readonly string[], flags: EmbedFlags) =>
      untilInterrupted((signal) => embed(files, { ...flags, signal })),
    );
}

async function embed(files: readonly string[], flags: EmbedFlags & { readonly signal: AbortSignal }): Promise<void> {
  const texts = flags.text ?? [];
  if (files.length + texts.length === 0)
    throw new UsageError('expected files or --text, found neither', 'Name a file.');
  const bundle = await openNamedBundle(flags);
  const options = { ...fileOptions(flags), ...(flags.as === undefined ? {} : { as: flags.as }) };
  const inputs = [];
  for (const file of files) inputs.push(await readInputFile(file, options));
  inputs.push(...texts.map(textInput));

  const modalities = [...new Set(inputs.map(({ modality }) => modality))];
  const encoded = await encodeInputs(inputs, {
    bundle,
    signal: flags.signal,
    ...chosenPreset(flags.preset, modalities),
  });
  const { trained, space, notice } = bundle.manifest;
  const report = { bundle: bundle.directory, space, trained, notice, embeddings: encoded.map(describe) };
  if (flags.out !== undefined) await writeWhole(flags.out, `${JSON.stringify(report)}\n`);
  if (flags.json) return printJson(report);

  const head = ['input', 'modality', 'dimensions', 'norm', `first ${SHOWN} values`, 'preset', 'flags'];
  printTable(head, encoded.map(row));
  for (const { label, notes } of encoded) for (const note of notes) printNote(`note: ${label}: ${note}`);
  print(`space ${space}`);
}

/** `--preset` belongs to one modality: with several at once it would be ambiguous. */
function chosenPreset(
  preset: string | undefined,
  modalities: readonly Modality[],
): { readonly presets?: Readonly<Record<Modality, string>> } {
  if (preset === undefined) return {};
  const [named, id] = preset.includes('/') ? preset.split('/', 2) : [modalities[0], preset];
  if (named !== undefined && id !== undefined && (preset.includes('/') || modalities.length === 1)) {
    return { presets: { [named]: id } };
  }
  throw new UsageError(
    `expected one modality with --preset ${preset}, found ${modalities.join(', ')}`,
    'Say which one it is for, as in --preset depth/omnivore.',
  );
}

function describe({ label, notes, embedding }: Encoded): object {
  return { input: label, ...embedding, vector: [...embedding.vector], notes };
}

function row({ label, embedding: { vector, modality, preset, flags } }: Encoded): readonly (string | number)[] {
  const first = [...vector.subarray(0, SHOWN)].map((value) => value.toFixed(4)).join(' ');
  return [label, modality, vector.length, Math.hypot(...vector).toFixed(4), first, preset, flags.join(', ') || '-'];
}

/** The file is whole or absent (design.md rule 7). */
async function writeWhole(file: string, content: string): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, content, { flush: true });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw systemFailure(error, file);
  }
}
