import path from 'node:path';
import { SensebindError } from '../../runtime/errors';
import type { StateDict } from '../checkpoint/stateDict';
import { anchorTensors, type EncoderPlan, modalitiesOf, planEncoder, writeEncoder } from '../imagebind/encoder';
import { MODALITIES } from '../imagebind/modality';
import type { Variant } from '../imagebind/variant';
import { tokenizerDefinition } from '../text/publishedTokenizer';
import { createTokenizer } from '../text/tokenizer';
import { serialiseTokenizer, type TokenizerDefinition } from '../text/tokenizerDefinition';
import { bundleFile, writeText } from './bundleFiles';
import { MANIFEST_FILE } from './location';
import type { EncoderManifest, Manifest, StoredPrecision } from './manifest';
import { type Anchor, AnchoredCheckpoint } from './space';
import { type Overwrite, systemFailure, Workspace } from './workspace';

/** How far a conversion is. Bytes are those of the checkpoint. */
export interface ConversionProgress {
  /** The modality that is being written, or `space`: the rest of the towers whose content makes it, read at the end. */
  readonly step: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface ConversionOptions {
  readonly variant: Variant;
  /** All that the checkpoint holds, unless named. */
  readonly modalities?: readonly string[];
  readonly outputDirectory: string;
  readonly precision: StoredPrecision;
  readonly name: string;
  /** False for random weights. */
  readonly trained: boolean;
  readonly licence: Manifest['licence'];
  /** What has to be said wherever the labels of these weights are shown. */
  readonly notice?: string;
  /** Of the text encoder; the published one unless given. */
  readonly tokenizer?: TokenizerDefinition;
  readonly overwrite?: Overwrite;
  readonly onProgress?: (progress: ConversionProgress) => void;
  readonly signal?: AbortSignal;
}

/** Beside the weights: graphs, tokenizer, manifest and the padding between tensors. */
const OVERHEAD_BYTES = 32 * 2 ** 20;

/**
 * Turns a checkpoint into a bundle, tensor by tensor, each read once. All shapes are checked before the first byte is
 * written, and the folder appears under its name only when it is whole (design.md rule 7).
 *
 * @throws {SensebindError} `MODALITY_UNKNOWN`, `VARIANT_INVALID`, `CHECKPOINT_LAYOUT`, `CHECKPOINT_NOT_FINITE`,
 * `CHECKPOINT_CORRUPT`, `CONVERSION_ABORTED`, `OUTPUT_EXISTS`, `DISK_FULL`, `FILE_UNWRITABLE`, `PRECISION_OVERFLOW`,
 * `TOKENIZER_INVALID`. Nothing is left behind then.
 */
export async function convertCheckpoint(checkpoint: StateDict, options: ConversionOptions): Promise<Manifest> {
  const plans = await planAll(checkpoint, options);
  const tokenizer = tokenizerFor(plans, options);
  const workspace = await Workspace.create(options.outputDirectory, {
    overwrite: options.overwrite ?? 'refuse',
    bytesNeeded: OVERHEAD_BYTES + plans.reduce((sum, plan) => sum + storedBytes(plan, options.precision), 0),
  });
  try {
    const anchored = new AnchoredCheckpoint(checkpoint, anchorOf(checkpoint));
    const encoders: Record<string, EncoderManifest> = {};
    for (const plan of plans) encoders[plan.modality] = await convertEncoder(anchored, plan, { ...options, workspace });
    const space = await spaceOf(anchored, options);
    const manifest: Manifest = {
      format: 'sensebind-bundle/1',
      name: options.name,
      variant: options.variant.name,
      space,
      dimensions: plans[0]?.dimensions ?? 0,
      trained: options.trained,
      licence: options.licence,
      ...(options.notice === undefined ? {} : { notice: options.notice }),
      ...(tokenizer === undefined
        ? {}
        : { tokenizer: await writeText(workspace, { name: 'tokenizer.json', content: tokenizer }) }),
      encoders,
    };
    await writeText(workspace, { name: MANIFEST_FILE, content: `${JSON.stringify(manifest, null, 2)}\n` });
    await workspace.commit();
    return manifest;
  } catch (error) {
    await workspace.discard();
    throw systemFailure(aborted(options.signal, error), options.outputDirectory);
  }
}

/**
 * The encoders to write, in the order of the checkpoint.
 *
 * @throws {SensebindError} `CHECKPOINT_LAYOUT` when there is none, or when they do not share one dimension.
 */
async function planAll(
  checkpoint: StateDict,
  { variant, modalities }: ConversionOptions,
): Promise<readonly EncoderPlan[]> {
  const wanted = new Set(modalities ?? modalitiesOf(checkpoint));
  const plans: EncoderPlan[] = [];
  for (const modality of wanted) plans.push(await planEncoder(checkpoint, variant, modality));
  if (new Set(plans.map(({ dimensions }) => dimensions)).size === 1) return plans;
  throw new SensebindError(
    'CHECKPOINT_LAYOUT',
    `Expected encoders of one joint space, found ${plans.map(({ modality, dimensions }) => `${modality} (${dimensions})`).join(', ') || 'none'}`,
    `Give a checkpoint that holds some of ${MODALITIES.join(', ')}, all with the same output dimension.`,
  );
}

/**
 * Content of the tokenizer file; `undefined` without a text encoder.
 *
 * @throws {SensebindError} `TOKENIZER_INVALID` for one that gives ids to which the encoder has no rows.
 */
function tokenizerFor(plans: readonly EncoderPlan[], { tokenizer }: ConversionOptions): string | undefined {
  const input = plans.map((plan) => plan.input).find(({ kind }) => kind === 'tokens');
  if (input?.kind !== 'tokens') return undefined;
  const definition = tokenizer ?? tokenizerDefinition({ contextLength: input.length });
  const { contextLength, vocabularySize } = createTokenizer(definition);
  if (contextLength === input.length && vocabularySize === input.vocabulary) return serialiseTokenizer(definition);
  throw new SensebindError(
    'TOKENIZER_INVALID',
    `Expected a tokenizer of ${input.vocabulary} tokens and ${input.length} places, as the text encoder has, found one of ${vocabularySize} and ${contextLength}`,
    'Give the tokenizer that the text encoder was trained with, or convert the other modalities only.',
  );
}

/** Reads what is left of the anchor: nothing, where both of its towers were converted. */
async function spaceOf(checkpoint: AnchoredCheckpoint, { onProgress, signal }: ConversionOptions): Promise<string> {
  const onTensor = progressOf(checkpoint, { step: 'space', tensors: checkpoint.unread() }, onProgress);
  return checkpoint.space({ onTensor, ...(signal === undefined ? {} : { signal }) });
}

function anchorOf(checkpoint: StateDict): Anchor {
  const present = modalitiesOf(checkpoint);
  return present.includes('vision') && present.includes('text')
    ? { family: 'imagebind', tensors: anchorTensors(checkpoint) }
    : { family: 'unanchored', tensors: [...checkpoint.tensors.keys()] };
}

async function convertEncoder(
  checkpoint: StateDict,
  plan: EncoderPlan,
  { workspace, precision, onProgress, signal }: ConversionOptions & { readonly workspace: Workspace },
): Promise<EncoderManifest> {
  const { modality } = plan;
  const modelPath = path.join(workspace.directory, `${modality}.onnx`);
  const { model, weights } = await writeEncoder(checkpoint, plan, {
    modelPath,
    weightsPath: `${modelPath}.data`,
    precision,
    onTensor: progressOf(checkpoint, { step: modality, tensors: plan.tensors }, onProgress),
    ...(signal === undefined ? {} : { signal }),
  });
  return {
    model: bundleFile(model),
    weights: bundleFile(weights),
    precision,
    input: plan.input,
    preset: plan.preset,
    logitScale: plan.logitScale,
    parameters: plan.parameters,
  };
}

/** Counts the bytes of tensors as they are done with. */
function progressOf(
  { tensors: all }: StateDict,
  { step, tensors }: { readonly step: string; readonly tensors: readonly string[] },
  onProgress: ConversionOptions['onProgress'],
): (name: string) => void {
  const bytesOf = (name: string): number => all.get(name)?.byteLength ?? 0;
  const totalBytes = tensors.reduce((sum, name) => sum + bytesOf(name), 0);
  let doneBytes = 0;
  return (name) => {
    doneBytes += bytesOf(name);
    onProgress?.({ step, doneBytes, totalBytes });
  };
}

function storedBytes({ parameters }: EncoderPlan, precision: StoredPrecision): number {
  return parameters * (precision === 'fp16' ? 2 : 4);
}

/** What an abort made of the work, under one code. */
export function aborted(signal: AbortSignal | undefined, error: unknown): unknown {
  if (!signal?.aborted || error instanceof SensebindError) return error;
  return new SensebindError(
    'CONVERSION_ABORTED',
    'Expected to write the whole bundle, found that the conversion was aborted',
    'Run the same command again: it starts afresh, and nothing of this run is left.',
    { cause: error },
  );
}
