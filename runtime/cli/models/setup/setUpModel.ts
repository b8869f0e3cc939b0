import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Bundle, openBundle } from '../../../../models/bundle/bundle';
import { IMAGEBIND_LICENCE, namedLicence } from '../../../../models/bundle/licences';
import type { Precision } from '../../../../models/bundle/manifest';
import { requireReplaceable } from '../../../../models/bundle/workspace';
import { namedBundlesFolder } from '../../../../models/mini/location';
import { systemClock } from '../../../clock';
import { measureMachine } from '../../../inference/plan/machineRate';
import { confirm, isSomebodyThere } from '../../ask';
import { partFolder } from '../../download/partFile';
import { namedDeviceCache } from '../../namedDeviceCache';
import { formatBytes, NegativeResult, printNote, UsageError } from '../../output';
import { requireAcceptance } from '../licenceQuestion';
import { type CopyNews, makeCopies } from '../makeCopies';
import { checkpointPlace, IMAGEBIND, PUBLISHED } from '../published';
import type { PullFlags } from '../pull';
import { pullCheckpoint } from '../pullCheckpoint';
import { PUBLISHED_VARIANT, variantFor } from '../variantFor';
import { requireDisks } from './diskRoom';
import { outlinesOf, parseModalities, publishedOutlines } from './encoderSizes';
import { type Forecast, forecast, printForecast } from './forecast';
import { type BundleWish, isThere, makeBundle } from './makeBundle';
import { type EncoderProof, proveEncoders } from './proveEncoders';

export interface SetupFlags extends PullFlags {
  readonly modalities: string;
  readonly precision: string;
  readonly checkpoint?: string;
  /** A folder of recordings. */
  readonly calibration?: string;
  readonly to?: string;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly deleteCheckpoint?: boolean;
  readonly keepCheckpoint?: boolean;
  readonly deviceCache: boolean;
  /** Whose device cache it is. */
  readonly config?: string;
}

/** A bundle that runs. */
export interface SetupOutcome {
  readonly bundle: Bundle;
  /** By which it can be used from now on. */
  readonly name: string;
  readonly encoders: readonly EncoderProof[];
  readonly deviceCopies: readonly CopyNews[];
  readonly deviceCacheFolder: string;
  /** Where it lies, if it takes room. */
  readonly checkpoint: string | null;
  /** `null` where the bundle was there. */
  readonly forecast: Forecast | null;
}

export interface SetupContext {
  readonly signal: AbortSignal;
  readonly measure?: typeof measureMachine;
}

export const PRECISIONS: readonly Precision[] = ['fp32', 'fp16', 'int8'];

/**
 * Makes a bundle of the published model that is known to run here. What an earlier run has finished is not repeated.
 *
 * @throws {UsageError} for flags that make no sense, and where nobody is there to say yes.
 * @throws {NegativeResult} when somebody says no.
 * @throws {SensebindError} `LICENCE_NOT_ACCEPTED`, `OUTPUT_EXISTS`, `DISK_FULL`; what each stage throws.
 */
export async function setUpModel(
  flags: SetupFlags,
  { signal, measure = measureMachine }: SetupContext,
): Promise<SetupOutcome> {
  const tell = (text: string): void => (flags.json === true ? undefined : printNote(text));
  // A mistake in it shows at once.
  const cache = await namedDeviceCache(flags.config);
  const file = flags.checkpoint === undefined ? await checkpointPlace(undefined) : path.resolve(flags.checkpoint);
  const wish = await wishOf(flags, { file, signal });
  const isMade = flags.force !== true && (await isThere(wish));
  if (isMade) tell(`the bundle is in ${wish.folder} already`);
  const made = isMade ? undefined : await makeWished(wish, { flags, tell, measure });
  const keeps = made?.keeps ?? (flags.checkpoint !== undefined || flags.deleteCheckpoint !== true);
  const bundle = await openBundle(wish.folder);
  const encoders = await proveEncoders(bundle, { signal, onEncoder: (modality) => tell(`trying ${modality} …`) });
  const onCopy = (modality: string): void => tell(`copying ${modality} for this machine …`);
  const deviceCopies = flags.deviceCache ? await makeCopies(bundle, cache, { signal, onEncoder: onCopy }) : [];
  if (!keeps) await deleteCheckpoint(file);
  const isLeft = flags.checkpoint === undefined && keeps && (await exists(file));
  const name = flags.to ?? IMAGEBIND;
  return {
    bundle,
    name,
    encoders,
    deviceCopies,
    deviceCacheFolder: cache.settings.folder,
    checkpoint: isLeft ? file : null,
    forecast: made?.plan ?? null,
  };
}

/** All that is asked, is asked before the long part. */
async function makeWished(
  wish: BundleWish,
  {
    flags,
    tell,
    measure,
  }: {
    readonly flags: SetupFlags;
    readonly tell: (text: string) => void;
    readonly measure: typeof measureMachine;
  },
): Promise<{ readonly plan: Forecast; readonly keeps: boolean }> {
  const { folder, overwrite, checkpoint: file, signal } = wish;
  await requireReplaceable(folder, overwrite);
  await acceptLicence(flags, wish);
  const plan = await lookAhead(wish, { flags, measure });
  if (flags.json !== true) printForecast(plan);
  requireDisks(plan.disks);
  await requireConsent(flags, signal);
  const keeps = await keepsCheckpoint(flags, signal);
  if (flags.checkpoint === undefined) await pullCheckpoint({ ...flags, file, signal });
  tell('making the bundle …');
  await makeBundle(wish);
  return { plan, keeps };
}

async function wishOf(
  flags: SetupFlags,
  { file, signal }: { readonly file: string; readonly signal: AbortSignal },
): Promise<BundleWish> {
  if (flags.calibration !== undefined && flags.precision !== 'int8') {
    throw new UsageError('expected --calibration with --precision int8', 'Leave one of them out.');
  }
  const variant = await variantFor(file, undefined);
  const isPublished = flags.checkpoint === undefined || variant.name === PUBLISHED_VARIANT;
  return {
    checkpoint: file,
    isBrought: flags.checkpoint !== undefined,
    variant,
    modalities: parseModalities(flags.modalities),
    precision: parsePrecision(flags.precision),
    calibration: flags.calibration === undefined ? undefined : path.resolve(flags.calibration),
    folder: flags.to === undefined ? path.join(namedBundlesFolder(), IMAGEBIND) : path.resolve(flags.to),
    licence: isPublished ? IMAGEBIND_LICENCE : namedLicence(undefined, path.basename(file)),
    trained: true,
    overwrite: flags.force === true ? 'replace' : 'refuse',
    json: flags.json === true,
    signal,
  };
}

function parsePrecision(text: string): Precision {
  const found = PRECISIONS.find((precision) => precision === text);
  if (found !== undefined) return found;
  throw new UsageError(`expected --precision ${PRECISIONS.join(', ')}, found ${text}`, 'Leave it out for int8.');
}

/** A checkpoint that somebody brought may lie where nothing can be written: then the bundle has the record beside it. */
async function acceptLicence(flags: SetupFlags, { licence, checkpoint, folder, signal }: BundleWish): Promise<void> {
  if (licence !== IMAGEBIND_LICENCE) return;
  const isBrought = flags.checkpoint !== undefined;
  await requireAcceptance({
    ...flags,
    licence,
    file: isBrought ? folder : checkpoint,
    source: isBrought ? checkpoint : (flags.url ?? PUBLISHED.url),
    clock: systemClock,
    signal,
  });
}

async function lookAhead(
  wish: BundleWish,
  { flags, measure }: { readonly flags: SetupFlags; readonly measure: typeof measureMachine },
): Promise<Forecast> {
  const { checkpoint, variant, precision, folder, signal } = wish;
  const modalities = parseModalities(flags.modalities);
  const isHere = flags.checkpoint !== undefined || (await exists(checkpoint));
  return forecast({
    outlines: isHere ? await outlinesOf(checkpoint, { variant, modalities }) : publishedOutlines(modalities),
    precision,
    download: { folder: path.dirname(checkpoint), bytes: isHere ? 0 : await missingBytes(checkpoint) },
    folder,
    signal,
    measure,
  });
}

/** Less what an earlier run has left. */
async function missingBytes(file: string): Promise<number> {
  const part = await stat(path.join(partFolder(file), 'content')).catch(() => ({ size: 0 }));
  return Math.max(0, PUBLISHED.approximateBytes - part.size);
}

/** @throws {NegativeResult} when somebody says no; {@link UsageError} when nobody is there to say yes. */
async function requireConsent(flags: SetupFlags, signal: AbortSignal): Promise<void> {
  if (flags.yes === true) return;
  if (!isSomebodyThere(flags)) {
    throw new UsageError('expected --yes, found nobody to ask', 'Look at the table, then run the command with --yes.');
  }
  if (!(await confirm('Go on?', signal))) throw new NegativeResult('nothing was done');
}

/** What was downloaded is somebody's hour: it goes only when they say so. */
async function keepsCheckpoint(flags: SetupFlags, signal: AbortSignal): Promise<boolean> {
  if (flags.checkpoint !== undefined || flags.keepCheckpoint === true) return true;
  if (flags.deleteCheckpoint === true) return false;
  if (flags.yes === true || !isSomebodyThere(flags)) return true;
  const size = formatBytes(PUBLISHED.approximateBytes);
  return confirm(`Keep the checkpoint (${size}) in the end, for other bundles without a new download?`, signal);
}

async function deleteCheckpoint(file: string): Promise<void> {
  await rm(file, { force: true });
  await rm(`${file}.download.json`, { force: true });
}

async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined;
}
