import path from 'node:path';
import { SensebindError } from '../../runtime/errors';
import type { StateDict } from '../checkpoint/stateDict';
import { type EncoderPlan, writeEncoder } from '../imagebind/encoder';
import { ANCHOR_MODALITIES } from '../imagebind/modality';
import type { Bundle } from './bundle';
import { bundleFile, encoderFiles, writeText } from './bundleFiles';
import { copyFiles, filesIn } from './copyFiles';
import { MANIFEST_FILE } from './location';
import type { EncoderManifest, Manifest, StoredPrecision } from './manifest';
import { type Overwrite, systemFailure, Workspace } from './workspace';

/** An encoder that was bound to the space of a bundle. */
export interface AddedEncoder {
  /** What the bundle calls it; the plan's own modality says only how its tower is built. */
  readonly modality: string;
  readonly plan: EncoderPlan;
  readonly weights: StateDict;
  readonly precision: StoredPrecision;
  /** The space that it was bound to. */
  readonly space: string;
  /** How it came about, written beside as `bound-<modality>.json`. */
  readonly record: unknown;
}

export interface AddEncoderOptions {
  /** May be the folder of the bundle itself, with `overwrite: 'replace'`. */
  readonly outputDirectory: string;
  readonly overwrite: Overwrite;
  /** Takes the place of an encoder of the same name. */
  readonly replaceEncoder?: boolean;
  readonly signal?: AbortSignal | undefined;
}

const OVERHEAD_BYTES = 2 ** 20;
const FLOAT32_BYTES = 4;

/**
 * Makes a bundle of all that another has and one more encoder; the other stays as it is unless it is the output. The
 * folder appears under its name only when it is whole.
 *
 * @throws {SensebindError} what {@link checkAddable} throws; `OUTPUT_EXISTS`, `DISK_FULL`, `FILE_UNWRITABLE`,
 * `PRECISION_OVERFLOW`, `CONVERSION_ABORTED`. Nothing is left behind then.
 */
export async function addEncoder(bundle: Bundle, added: AddedEncoder, options: AddEncoderOptions): Promise<Manifest> {
  const { outputDirectory, overwrite, signal } = options;
  checkAddable(bundle.manifest, added, options);
  const replaced = bundle.manifest.encoders[added.modality];
  const left = new Set([MANIFEST_FILE, ...(replaced === undefined ? [] : encoderFiles(replaced))]);
  const kept = (await filesIn(bundle.directory)).filter(({ name }) => !left.has(name));
  const bytes = kept.reduce((sum, file) => sum + file.bytes, 0);
  const workspace = await Workspace.create(outputDirectory, {
    overwrite,
    bytesNeeded: bytes + added.plan.parameters * FLOAT32_BYTES + OVERHEAD_BYTES,
  });
  try {
    await copyFiles(kept, { from: bundle.directory, to: workspace.directory, signal });
    const encoder = await write(added, workspace, signal);
    const { encoders } = bundle.manifest;
    const manifest: Manifest = { ...bundle.manifest, encoders: { ...encoders, [added.modality]: encoder } };
    await writeText(workspace, { name: recordName(added.modality), content: asJson(added.record) });
    await writeText(workspace, { name: MANIFEST_FILE, content: asJson(manifest) });
    await workspace.commit();
    return manifest;
  } catch (error) {
    await workspace.discard();
    throw systemFailure(error, outputDirectory);
  }
}

/** Name of the file beside an encoder that tells how it was bound. */
export function recordName(modality: string): string {
  return `bound-${modality}.json`;
}

const NAME = /^[a-z][a-z0-9_-]{0,63}$/;

/**
 * Whether an encoder may join a bundle, before anybody has trained it.
 *
 * @throws {SensebindError} `SPACE_MISMATCH` for one that was bound to another space; `INPUT_INVALID` for a name that no
 * encoder may have, that of a tower that makes the space among them; `OUTPUT_EXISTS` for one that is taken.
 */
export function checkAddable(
  { encoders, space }: Manifest,
  added: Pick<AddedEncoder, 'modality' | 'space'>,
  { replaceEncoder = false }: Pick<AddEncoderOptions, 'replaceEncoder'>,
): void {
  const { modality } = added;
  if (added.space !== space) {
    throw new SensebindError(
      'SPACE_MISMATCH',
      `Expected an encoder that is bound to ${space}, found one of ${added.space}`,
      'Add it to a bundle of the model that it is bound to.',
    );
  }
  if (!NAME.test(modality) || ANCHOR_MODALITIES.some((anchor) => anchor === modality)) {
    throw new SensebindError(
      'INPUT_INVALID',
      `Expected a name for the encoder of small letters, digits, "-" and "_", other than ${ANCHOR_MODALITIES.join(' and ')}, found ${JSON.stringify(modality.slice(0, 80))}`,
      'Choose another name: vision and text make the space, so nothing may take their place.',
    );
  }
  if (replaceEncoder || encoders[modality] === undefined) return;
  throw new SensebindError(
    'OUTPUT_EXISTS',
    `Expected a bundle without an encoder of ${modality}, found one that has it`,
    'Choose another name for the encoder, or let it take the place of that one.',
  );
}

async function write(
  { modality, plan, weights, precision }: AddedEncoder,
  workspace: Workspace,
  signal: AbortSignal | undefined,
): Promise<EncoderManifest> {
  const modelPath = path.join(workspace.directory, `${modality}.onnx`);
  const written = await writeEncoder(weights, plan, {
    modelPath,
    weightsPath: `${modelPath}.data`,
    precision,
    ...(signal === undefined ? {} : { signal }),
  });
  const { input, preset, logitScale, parameters } = plan;
  return {
    model: bundleFile(written.model),
    weights: bundleFile(written.weights),
    precision,
    input,
    preset,
    logitScale,
    parameters,
  };
}

function asJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
