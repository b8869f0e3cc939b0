import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { type Bundle, openBundle } from '../../../models/bundle/bundle';
import { IMAGEBIND_LICENCE, namedLicence } from '../../../models/bundle/licences';
import type { Precision } from '../../../models/bundle/manifest';
import { requireReplaceable } from '../../../models/bundle/workspace';
import { namedBundlesFolder } from '../../../models/mini/location';
import { systemClock } from '../../clock';
import { confirm, isSomebodyThere } from '../ask';
import { partFolder } from '../download/partFile';
import { untilInterrupted } from '../interrupt';
import { formatBytes, NegativeResult, print, printJson, printNote, printTable, UsageError } from '../output';
import { requireAcceptance } from './licenceQuestion';
import { checkpointPlace, IMAGEBIND, PUBLISHED, requireKnownModel } from './published';
import { addPullOptions, type PullFlags } from './pull';
import { pullCheckpoint } from './pullCheckpoint';
import { type CopyNews, copyEncoders } from './setup/copyEncoders';
import { requireDisks } from './setup/diskRoom';
import { outlinesOf, parseModalities, publishedOutlines } from './setup/encoderSizes';
import { type Forecast, forecast, printForecast } from './setup/forecast';
import { type BundleWish, isThere, makeBundle } from './setup/makeBundle';
import { type EncoderProof, proveEncoders } from './setup/proveEncoders';
import { PUBLISHED_VARIANT, variantFor } from './variantFor';

interface SetupFlags extends PullFlags {
  readonly modalities: string;
  readonly precision: string;
  readonly checkpoint?: string;
  readonly to?: string;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly deleteCheckpoint?: boolean;
  readonly keepCheckpoint?: boolean;
  readonly deviceCache: boolean;
}

const PRECISIONS: readonly Precision[] = ['fp32', 'fp16', 'int8'];

const EXAMPLES = `
Examples:
  sensebind models setup imagebind --modalities audio,imu,thermal,text
  sensebind models setup imagebind --modalities audio,text --precision fp32 --checkpoint imagebind_huge.pth
  sensebind models setup imagebind --accept-licence --yes --delete-checkpoint

What has been done is not done again: after an interruption the same command goes on. The bundle is called ${IMAGEBIND}
afterwards, in --bundle, in configurations and in Node-RED, unless --to says where it goes.`;

/** `sensebind models setup`: from nothing to a bundle that runs. */
export function registerSetup(models: Command): void {
  const setup = models
    .command('setup')
    .description('download, convert, shrink and check the published model: from nothing to a bundle that runs')
    .argument('[model]', 'the only one so far', IMAGEBIND)
    .option('--modalities <list>', 'some of vision,text,audio,depth,thermal,imu', 'text,audio,depth,thermal,imu')
    .option('--precision <precision>', `${PRECISIONS.join(', ')}: int8 is a quarter of the size, and faster`, 'int8')
    .option('--checkpoint <file>', 'a checkpoint that is here already; it stays as it is')
    .option('--to <folder>', 'where the bundle goes; a folder of your home by default, where its name finds it')
    .option('--yes', 'do not ask whether to go on')
    .option('--force', 'make it anew, in the place of a bundle that is there')
    .option('--delete-checkpoint', 'delete what was downloaded in the end')
    .option('--keep-checkpoint', 'keep it, for other bundles, without asking')
    .option(
      '--no-device-cache',
      'make no copies of the encoders for this machine (they start faster, and share memory)',
    );
  addPullOptions(setup)
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action((model: string, flags: SetupFlags) =>
      untilInterrupted(async (signal) => {
        requireKnownModel(model);
        await setUp(flags, signal);
      }),
    );
}

async function setUp(flags: SetupFlags, signal: AbortSignal): Promise<void> {
  const json = flags.json === true;
  const file = flags.checkpoint === undefined ? await checkpointPlace(undefined) : path.resolve(flags.checkpoint);
  const wish = await wishOf(flags, { file, signal });
  const isMade = flags.force !== true && (await isThere(wish));
  if (!isMade) await requireReplaceable(wish.folder, wish.overwrite);
  let keeps = flags.checkpoint !== undefined || flags.deleteCheckpoint !== true;
  let plan: Forecast | undefined;
  if (isMade) printNote(`the bundle is in ${wish.folder} already`);
  else {
    await acceptLicence(flags, wish);
    plan = await lookAhead(wish, flags);
    if (!json) printForecast(plan);
    requireDisks(plan.disks);
    await requireConsent(flags, signal);
    keeps = await keepsCheckpoint(flags, signal);
    if (flags.checkpoint === undefined) await pullCheckpoint({ ...flags, file, signal });
    if (!json) printNote('making the bundle …');
    await makeBundle(wish);
  }
  const bundle = await openBundle(wish.folder);
  const onEncoder = (modality: string): void => (json ? undefined : printNote(`trying ${modality} …`));
  const encoders = await proveEncoders(bundle, { signal, onEncoder });
  const onCopy = (modality: string): void => (json ? undefined : printNote(`copying ${modality} for this machine …`));
  const copies = flags.deviceCache ? await copyEncoders(bundle, { signal, onEncoder: onCopy }) : [];
  if (!keeps) await deleteCheckpoint(file);
  const isKept = flags.checkpoint === undefined && keeps && (await exists(file));
  const name = flags.to ?? IMAGEBIND;
  const checkpoint = isKept ? file : null;
  if (json)
    printJson({ bundle: wish.folder, name, encoders, deviceCopies: copies, checkpoint, forecast: plan ?? null });
  else report(bundle, { name, encoders, copies, checkpoint });
}

async function wishOf(
  flags: SetupFlags,
  { file, signal }: { readonly file: string; readonly signal: AbortSignal },
): Promise<BundleWish> {
  const variant = await variantFor(file, undefined);
  const isPublished = flags.checkpoint === undefined || variant.name === PUBLISHED_VARIANT;
  return {
    checkpoint: file,
    variant,
    modalities: parseModalities(flags.modalities),
    precision: parsePrecision(flags.precision),
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

async function lookAhead(wish: BundleWish, flags: SetupFlags): Promise<Forecast> {
  const { checkpoint, variant, precision, folder, signal } = wish;
  const modalities = parseModalities(flags.modalities);
  const isHere = flags.checkpoint !== undefined || (await exists(checkpoint));
  return forecast({
    outlines: isHere ? await outlinesOf(checkpoint, { variant, modalities }) : publishedOutlines(modalities),
    precision,
    download: { folder: path.dirname(checkpoint), bytes: isHere ? 0 : await missingBytes(checkpoint) },
    folder,
    signal,
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

interface Outcome {
  /** By which it can be used from now on. */
  readonly name: string;
  readonly encoders: readonly EncoderProof[];
  readonly copies: readonly CopyNews[];
  /** Where it lies, if it takes room. */
  readonly checkpoint: string | null;
}

function report({ manifest, directory }: Bundle, { name, encoders, copies, checkpoint }: Outcome): void {
  printTable(
    ['encoder', 'precision', 'on disk', 'cosine to fp32', 'one forward', 'copy for this machine'],
    encoders.map(({ modality, precision, bytes, forwardMillis }) => [
      modality,
      precision,
      formatBytes(bytes),
      manifest.encoders[modality]?.quantization?.heldBack.worstCosine.toFixed(4) ?? '-',
      `${forwardMillis.toPrecision(3)} ms`,
      copies.find((copy) => copy.modality === modality)?.news ?? '-',
    ]),
  );
  print(`each gives unit vectors here; the bundle is in ${directory}`);
  if (checkpoint !== null)
    print(`the checkpoint stays for other bundles; without it you save 4.8 GB: rm ${checkpoint}`);
  const hasText = manifest.encoders['text'] !== undefined;
  if (!hasText)
    print('without the text encoder there are embeddings, but no words: add text to --modalities for those');
  print('next:');
  print(`  sensebind ${hasText ? 'compare --text "a dog" "a cat"' : 'embed FILE'} --bundle ${name}`);
  print(`  sensebind run config.yaml      with "bundle: ${name}" in it (sensebind init writes one)`);
  print(`  in Node-RED                    "${name}" in a bundle node`);
}
