import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { caveatsOf } from '../../../models/bundle/caveats';
import type { Quantization } from '../../../models/bundle/manifest';
import { openCheckpoint } from '../../../models/checkpoint/checkpoint';
import type { StateDict } from '../../../models/checkpoint/stateDict';
import { modalitiesOf, planEncoder } from '../../../models/imagebind/encoder';
import { MODALITIES } from '../../../models/imagebind/modality';
import type { Variant } from '../../../models/imagebind/variant';
import { MINI } from '../../../models/mini/location';
import { isSensebindError } from '../../errors';
import { openCheckedBundle } from '../bundle';
import { formatBytes, type OutputOptions, print, printJson, printTable } from '../output';
import { variantFor } from './variantFor';

interface InspectFlags extends OutputOptions {
  readonly variant?: string;
  readonly tensors?: boolean;
}

/** `sensebind models inspect`: what is in a checkpoint or a bundle. */
export function registerInspect(models: Command): void {
  models
    .command('inspect')
    .description('show what is in a checkpoint or a bundle')
    .argument('<path>', `a checkpoint file or a bundle folder; ${MINI} is the bundle that is shipped`)
    .option('--variant <name>', 'what the shapes of a checkpoint cannot tell: a name or a JSON file')
    .option('--tensors', 'list every tensor of a checkpoint')
    .option('--json', 'print JSON')
    .action(async (path: string, flags: InspectFlags) => {
      const found = path === MINI ? undefined : await stat(path).catch(() => undefined);
      const isBundle = path === MINI || found?.isDirectory() === true;
      await (isBundle ? inspectBundle(path, flags) : inspectCheckpoint(path, flags));
    });
}

async function inspectBundle(directory: string, flags: InspectFlags): Promise<void> {
  const { manifest } = await openCheckedBundle({ ...flags, bundle: directory });
  if (flags.json) return printJson({ kind: 'bundle', verified: true, manifest });
  printTable(
    ['encoder', 'parameters', 'size', 'precision', 'preset', 'logit scale'],
    Object.entries(manifest.encoders).map(
      ([modality, { parameters, model, weights, precision, preset, logitScale }]) => [
        modality,
        parameters,
        formatBytes(model.bytes + (weights?.bytes ?? 0)),
        precision,
        preset,
        logitScale.toFixed(2),
      ],
    ),
  );
  print(`${manifest.name}: ${manifest.variant}, ${manifest.dimensions} dimensions, space ${manifest.space}`);
  print(`licence ${manifest.licence.name}; every file has the size and content that the manifest states`);
  for (const [modality, { quantization }] of Object.entries(manifest.encoders)) {
    if (quantization !== undefined) print(quantizationLine(modality, quantization));
  }
  for (const caveat of caveatsOf(manifest)) print(`note: ${caveat}`);
}

/** What int8 made of an encoder when it was written. */
function quantizationLine(modality: string, { calibration, heldBack, int8Layers, fp32Layers }: Quantization): string {
  const found = `worst cosine ${heldBack.worstCosine.toFixed(5)} on ${heldBack.inputs} held-back inputs (${calibration.source})`;
  if (int8Layers === 0) return `${modality} stayed as it was: int8 reached a ${found}`;
  const left =
    fp32Layers.length === 0 ? '' : `; ${fp32Layers.length} of them stayed as they were: ${fp32Layers.join(', ')}`;
  return `${modality} has ${int8Layers + fp32Layers.length} layers for int8: ${found}${left}`;
}

/** One encoder of a checkpoint, or why it cannot be converted. */
type Finding =
  | {
      readonly modality: string;
      readonly parameters: number;
      readonly width: number;
      readonly blocks: number;
      readonly tokens: number;
      readonly dimensions: number;
    }
  | { readonly modality: string; readonly problem: string };

async function inspectCheckpoint(file: string, flags: InspectFlags): Promise<void> {
  const checkpoint = await openCheckpoint(file);
  try {
    const variant = await variantFor(file, flags.variant);
    const encoders = await inspectAll(checkpoint, variant);
    const tensors = [...checkpoint.tensors.values()];
    const summary = { variant: variant.name, missing: missingFrom(encoders), bytes: checkpoint.fileBytes };
    if (flags.json) {
      const list = flags.tensors ? { tensors } : {};
      return printJson({ kind: 'checkpoint', ...summary, tensorCount: tensors.length, encoders, ...list });
    }
    printFindings(encoders);
    if (flags.tensors) {
      printTable(
        ['tensor', 'type', 'shape'],
        tensors.map(({ name, elementType, shape }) => [name, elementType, shape.join('×')]),
      );
    }
    print(`${tensors.length} tensors, ${formatBytes(summary.bytes)}, read as variant ${summary.variant}`);
    if (summary.missing.length > 0) print(`not in this checkpoint: ${summary.missing.join(', ')}`);
  } finally {
    await checkpoint.close();
  }
}

function missingFrom(encoders: readonly Finding[]): readonly string[] {
  return MODALITIES.filter((modality) => !encoders.some((found) => found.modality === modality));
}

function printFindings(encoders: readonly Finding[]): void {
  printTable(
    ['encoder', 'parameters', 'width', 'blocks', 'tokens', 'dimensions', 'problem'],
    encoders.map((found) =>
      'problem' in found
        ? [found.modality, '', '', '', '', '', found.problem]
        : [found.modality, found.parameters, found.width, found.blocks, found.tokens, found.dimensions, ''],
    ),
  );
}

async function inspectAll(checkpoint: StateDict, variant: Variant): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const modality of modalitiesOf(checkpoint)) {
    try {
      const { parameters, dimensions, tower } = await planEncoder(checkpoint, variant, modality);
      findings.push({
        modality,
        parameters,
        width: tower.width,
        blocks: tower.blocks,
        tokens: tower.tokens,
        dimensions,
      });
    } catch (error) {
      if (!isSensebindError(error)) throw error;
      findings.push({ modality, problem: error.message });
    }
  }
  return findings;
}
