import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { copyRequest, makeWhereItFits } from '../../inference/deviceCache/copyMaker';
import { type DeviceCacheSettings, deviceCacheSettings } from '../../inference/deviceCache/settings';
import { type CopyListing, CopyStore } from '../../inference/deviceCache/store';
import { readMemory } from '../../inference/plan/memory';
import { encoderSetups } from '../../inference/setups';
import { BUNDLE_HELP, openNamedBundle } from '../bundle';
import { parseByteSize } from '../byteSize';
import { untilInterrupted } from '../interrupt';
import { formatBytes, NegativeResult, type OutputOptions, print, printJson, printNote, printTable } from '../output';

interface CacheFlags extends OutputOptions {
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
    .option('--max-size <size>', 'what all copies may take with --build; default: 12GB')
    .option('--clear', 'remove all copies that nobody uses')
    .option(
      '--folder <path>',
      'where copies are kept; default: sensebind/encoders in $XDG_CACHE_HOME, else in ~/.cache',
    )
    .option('--json', 'print JSON')
    .action((flags: CacheFlags) => untilInterrupted((signal) => cache({ ...flags, signal })));
}

interface Made {
  readonly modality: string;
  readonly kind: 'made' | 'there' | 'small' | 'later' | 'never';
  readonly reason?: string;
}

async function cache(flags: CacheFlags & { readonly signal: AbortSignal }): Promise<void> {
  const settings = deviceCacheSettings({
    ...(flags.folder === undefined ? {} : { folder: flags.folder }),
    ...(flags.maxSize === undefined ? {} : { maxBytes: parseByteSize('--max-size', flags.maxSize) }),
  });
  const store = new CopyStore(settings.folder);
  if (flags.clear) await store.shrinkTo(0);
  const made = flags.build ? await build(settings, flags) : [];
  const found = { folder: settings.folder, copies: await store.list(), unfinishedBytes: await store.unfinishedBytes() };
  if (flags.json) printJson({ ...found, made });
  else report(found, made);
  if (made.some(({ kind }) => kind === 'later' || kind === 'never'))
    throw new NegativeResult('not all copies were made');
}

async function build(
  settings: DeviceCacheSettings,
  flags: CacheFlags & { readonly signal: AbortSignal },
): Promise<readonly Made[]> {
  const bundle = await openNamedBundle(flags);
  const made: Made[] = [];
  for (const setup of Object.values(encoderSetups(bundle))) {
    const { modality, fileBytes } = setup;
    if (fileBytes < settings.minimumBytes) {
      made.push({ modality, kind: 'small', reason: `${formatBytes(fileBytes)}: too small to gain by a copy` });
      continue;
    }
    if (!flags.json) printNote(`copying ${modality} …`);
    const request = {
      ...copyRequest(setup, settings),
      runtimeModule: 'onnxruntime-node',
      threads: availableParallelism(),
      inBackground: false,
    };
    const result = await makeWhereItFits(request, { readMemory, signal: flags.signal });
    made.push({ modality, kind: result.kind, ...('reason' in result ? { reason: result.reason } : {}) });
  }
  return made;
}

const MADE = {
  made: 'copied',
  there: 'was there',
  small: 'not copied',
  later: 'not copied',
  never: 'not copied',
} as const;

interface Content {
  readonly folder: string;
  readonly copies: readonly CopyListing[];
  /** Being written now, or left by killed processes. */
  readonly unfinishedBytes: number;
}

function report({ folder, copies, unfinishedBytes }: Content, made: readonly Made[]): void {
  for (const { modality, kind, reason } of made)
    print(`${modality}: ${MADE[kind]}${reason === undefined ? '' : `, ${reason}`}`);
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
  print(`${copies.length === 0 ? 'no copies' : formatBytes(total)} in ${folder}`);
  if (unfinishedBytes > 0) print(`and ${formatBytes(unfinishedBytes)} that are being written, or were left`);
}
