import { readFile, rm, rmdir, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { type Bundle, openBundle } from '../../../../models/bundle/bundle';
import { type ConversionOptions, convertCheckpoint } from '../../../../models/bundle/convert';
import type { Manifest, Precision } from '../../../../models/bundle/manifest';
import { readManifest } from '../../../../models/bundle/readManifest';
import type { Overwrite } from '../../../../models/bundle/workspace';
import { openCheckpoint } from '../../../../models/checkpoint/checkpoint';
import type { Variant } from '../../../../models/imagebind/variant';
import { isSensebindError } from '../../../errors';
import { FolderLock } from '../../../folderLock';
import { startProgress } from '../../progress';
import { writeWhole } from '../licenceQuestion';
import { quantizationProgress } from '../quantizeReport';

/** What bundle is to be made, and where. */
export interface BundleWish {
  readonly checkpoint: string;
  /** Somebody's own, which may change: not the published one. */
  readonly isBrought: boolean;
  readonly variant: Variant;
  readonly modalities: readonly string[];
  readonly precision: Precision;
  /** A folder of recordings, for int8; generated inputs where it is left out. */
  readonly calibration?: string | undefined;
  readonly folder: string;
  readonly licence: Manifest['licence'];
  readonly trained: boolean;
  readonly overwrite: Overwrite;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** What tells a finished stage of this wish from one of another. */
interface Stage {
  readonly checkpoint: string;
  readonly bytes: number;
  readonly modifiedMillis: number;
  readonly variant: string;
  readonly modalities: readonly string[];
}

/** Whether a folder holds the bundle that is wished for already; of a checkpoint that was brought, as it is now. */
export async function isThere(wish: BundleWish): Promise<boolean> {
  if (wish.isBrought && (await recorded(sourceFile(wish))) !== asText(await stageOf(wish))) return false;
  const manifest = await readManifest(wish.folder).catch((error: unknown) => {
    if (isSensebindError(error)) return undefined;
    throw error;
  });
  return manifest !== undefined && manifest.variant === wish.variant.name && hasEncoders(manifest, wish);
}

/** An encoder that int8 spoils stays as it was, and has figures that tell so. */
function hasEncoders(
  { encoders }: Manifest,
  { modalities, precision }: Pick<BundleWish, 'modalities' | 'precision'>,
): boolean {
  const isWanted = ([modality, encoder]: [string, Manifest['encoders'][string]]): boolean =>
    modalities.includes(modality) &&
    (encoder.precision === precision || (precision === 'int8' && encoder.quantization !== undefined));
  return Object.keys(encoders).length === modalities.length && Object.entries(encoders).every(isWanted);
}

/**
 * Makes a bundle of a checkpoint, one stage after the other; a stage that an earlier run has finished is not repeated. What
 * lies between is kept in `FOLDER.setup`, which is gone at the end, and belongs to one process.
 *
 * @throws {SensebindError} `FOLDER_IN_USE`, and what conversion and quantization throw.
 */
export async function makeBundle(wish: BundleWish): Promise<void> {
  const work = `${wish.folder}.setup`;
  const lock = await FolderLock.take(work, 'Wait for it, or stop that process: another run goes on where it ended.');
  try {
    if (wish.precision === 'int8') await makeInt8(wish, work);
    else await convert(wish, { outputDirectory: wish.folder, precision: wish.precision, overwrite: wish.overwrite });
    if (wish.isBrought) await writeWhole(sourceFile(wish), await stageOf(wish));
    await rm(work, { recursive: true, force: true });
  } finally {
    await lock.release();
    // Holds a finished stage, or nothing.
    await rmdir(work).catch(() => undefined);
  }
}

/** By way of fp32, which int8 is measured against. */
async function makeInt8(wish: BundleWish, work: string): Promise<void> {
  const { folder, overwrite, signal, json } = wish;
  // Loaded where it is needed: every command of models comes by here. A folder without recordings shows before the long part.
  const { calibrationOf } = await import('../runQuantize.js');
  const calibration = await calibrationOf(wish.calibration);
  const progress = quantizationProgress(json);
  const bundle = (await finishedStage(wish, work)) ?? (await makeStage(wish, work));
  const { quantizeBundle } = await import('../../../../models/bundle/quantizeBundle.js');
  await quantizeBundle(bundle, {
    outputDirectory: folder,
    calibration,
    threads: availableParallelism(),
    overwrite,
    onProgress: progress.update,
    signal,
  }).finally(progress.stop);
}

async function finishedStage(wish: BundleWish, work: string): Promise<Bundle | undefined> {
  if ((await recorded(stageFile(work))) !== asText(await stageOf(wish))) return undefined;
  return openBundle(stageFolder(work)).catch((error: unknown) => {
    if (isSensebindError(error)) return undefined;
    throw error;
  });
}

async function makeStage(wish: BundleWish, work: string): Promise<Bundle> {
  await rm(stageFolder(work), { recursive: true, force: true });
  await writeWhole(stageFile(work), await stageOf(wish));
  await convert(wish, { outputDirectory: stageFolder(work), precision: 'fp32', overwrite: 'refuse' });
  return openBundle(stageFolder(work));
}

/** Beside a bundle: of which checkpoint it was made. */
function sourceFile({ folder }: BundleWish): string {
  return `${folder}.source.json`;
}

function recorded(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

function stageFolder(work: string): string {
  return path.join(work, 'fp32');
}

function stageFile(work: string): string {
  return path.join(work, 'stage.json');
}

async function stageOf({ checkpoint, variant, modalities }: BundleWish): Promise<Stage> {
  const { size, mtimeMs } = await stat(checkpoint);
  return { checkpoint, bytes: size, modifiedMillis: mtimeMs, variant: variant.name, modalities };
}

/** As {@link writeWhole} writes it. */
function asText(stage: Stage): string {
  return `${JSON.stringify(stage, null, 2)}\n`;
}

async function convert(
  { checkpoint: file, variant, modalities, licence, trained, folder, json, signal }: BundleWish,
  output: Pick<ConversionOptions, 'outputDirectory' | 'precision'> & { readonly overwrite: Overwrite },
): Promise<void> {
  const progress = startProgress({ json });
  const checkpoint = await openCheckpoint(file);
  try {
    const name = path.basename(folder);
    const onProgress = progress.update;
    await convertCheckpoint(checkpoint, { variant, modalities, licence, trained, name, onProgress, signal, ...output });
  } finally {
    progress.stop();
    await checkpoint.close();
  }
}
