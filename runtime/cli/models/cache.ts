import path from 'node:path';
import type { Command } from 'commander';
import { type CopyListing, CopyStore } from '../../inference/deviceCache/store';
import { BUNDLE_HELP, openNamedBundle } from '../bundle';
import { parseByteSize } from '../byteSize';
import { untilInterrupted } from '../interrupt';
import { CACHE_CONFIG_HELP, foundServiceConfig, type NamedDeviceCache, namedDeviceCache } from '../namedDeviceCache';
import { formatBytes, NegativeResult, type OutputOptions, print, printJson, printNote, printTable } from '../output';
import { type CopyNews, makeCopies } from './makeCopies';

interface CacheFlags extends OutputOptions {
  readonly config?: string;
  readonly folder?: string;
  readonly clear?: boolean;
  readonly build?: boolean;
  readonly bundle?: string;
  readonly maxSize?: string;
}

/** `sensebind models cache`: the prepacked copies of encoders that are kept on this device. */
export function registerCache(models: Command): void {
  models
    .command('cache')
    .description('list, make or remove the copies of encoders that this device keeps')
    .option('--build', 'make copies of the large encoders of a bundle now, instead of while a node runs')
    .option('--bundle <folder>', BUNDLE_HELP)
    .option('--config <file>', CACHE_CONFIG_HELP)
    .option('--max-size <size>', 'what all copies may take with --build; default: 12GB')
    .option('--clear', 'remove all copies that nobody uses')
    .option(
      '--folder <path>',
      'where copies are kept; default: sensebind/encoders in $XDG_CACHE_HOME, else in ~/.cache',
    )
    .option('--json', 'print JSON')
    .action((flags: CacheFlags) => untilInterrupted((signal) => cache({ ...flags, signal })));
}

async function cache(flags: CacheFlags & { readonly signal: AbortSignal }): Promise<void> {
  const named = await chosenCache(flags);
  const { settings, isOff, origin } = named;
  const store = new CopyStore(settings.folder);
  if (flags.clear) await store.shrinkTo(0);
  const made = flags.build ? await build(named, flags) : [];
  const found = { folder: settings.folder, copies: await store.list(), unfinishedBytes: await store.unfinishedBytes() };
  if (flags.json) printJson({ ...found, origin, isOff, made });
  else {
    report({ ...found, origin, isOff }, made);
    const other = flags.config === undefined ? await foundServiceConfig() : undefined;
    if (other !== undefined) printNote(`note: the service has a cache of its own: --config ${other}`);
  }
  if (made.some(({ kind }) => kind === 'off' || kind === 'later' || kind === 'never'))
    throw new NegativeResult('not all copies were made');
}

/** What the command line says goes before the configuration. */
async function chosenCache({ config, folder, maxSize }: CacheFlags): Promise<NamedDeviceCache> {
  const named = await namedDeviceCache(config);
  const settings = {
    ...named.settings,
    ...(folder === undefined ? {} : { folder: path.resolve(folder) }),
    ...(maxSize === undefined ? {} : { maxBytes: parseByteSize('--max-size', maxSize) }),
  };
  return { ...named, settings };
}

async function build(
  named: NamedDeviceCache,
  flags: CacheFlags & { readonly signal: AbortSignal },
): Promise<readonly CopyNews[]> {
  const bundle = await openNamedBundle(flags);
  const onEncoder = (modality: string): void => (flags.json ? undefined : printNote(`copying ${modality} …`));
  return makeCopies(bundle, named, { signal: flags.signal, onEncoder });
}

interface Content {
  readonly folder: string;
  readonly copies: readonly CopyListing[];
  /** Being written now, or left by killed processes. */
  readonly unfinishedBytes: number;
  readonly origin: string;
  readonly isOff: boolean;
}

function report({ folder, copies, unfinishedBytes, origin, isOff }: Content, made: readonly CopyNews[]): void {
  for (const { modality, news } of made) print(`${modality}: ${news}`);
  if (copies.length > 0) {
    printTable(
      ['copy of', 'size', 'last used', 'in use'],
      copies
        .toReversed()
        .map(({ title, bytes, usedMicros, isInUse }) => [
          title,
          formatBytes(bytes),
          new Date(usedMicros / 1000).toISOString().slice(0, 16).replace('T', ' '),
          isInUse ? 'yes' : 'no',
        ]),
    );
  }
  const total = copies.reduce((sum, { bytes }) => sum + bytes, 0);
  print(
    `${copies.length === 0 ? 'no copies' : formatBytes(total)} in ${folder}, the cache of ${origin}${isOff ? ', which switches it off' : ''}`,
  );
  if (unfinishedBytes > 0) print(`and ${formatBytes(unfinishedBytes)} that are being written, or were left`);
}
