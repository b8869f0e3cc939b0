import type { Command } from 'commander';
import { untilInterrupted } from '../interrupt';
import { CACHE_CONFIG_HELP } from '../namedDeviceCache';
import { formatBytes, print, printJson, printTable } from '../output';
import { IMAGEBIND, requireKnownModel } from './published';
import { addPullOptions } from './pull';
import { PRECISIONS, type SetupFlags, type SetupOutcome, setUpModel } from './setup/setUpModel';

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
    .option('--calibration <folder>', 'for int8: recordings of your sensors; generated inputs by default')
    .option('--to <folder>', 'where the bundle goes; a folder of your home by default, where its name finds it')
    .option('--yes', 'do not ask whether to go on')
    .option('--force', 'make it anew, in the place of a bundle that is there')
    .option('--delete-checkpoint', 'delete what was downloaded in the end')
    .option('--keep-checkpoint', 'keep it, for other bundles, without asking')
    .option(
      '--no-device-cache',
      'make no copies of the encoders for this machine (they start faster, and share memory)',
    )
    .option('--config <file>', CACHE_CONFIG_HELP);
  addPullOptions(setup)
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action((model: string, flags: SetupFlags) =>
      untilInterrupted(async (signal) => {
        requireKnownModel(model);
        const outcome = await setUpModel(flags, { signal });
        if (flags.json) printJson({ ...outcome, bundle: outcome.bundle.directory });
        else report(outcome);
      }),
    );
}

function report({ bundle, name, encoders, deviceCopies, deviceCacheFolder, checkpoint }: SetupOutcome): void {
  const { manifest, directory } = bundle;
  printTable(
    ['encoder', 'precision', 'on disk', 'cosine to fp32', 'one forward', 'copy for this machine'],
    encoders.map(({ modality, precision, bytes, forwardMillis }) => [
      modality,
      precision,
      formatBytes(bytes),
      manifest.encoders[modality]?.quantization?.heldBack.worstCosine.toFixed(4) ?? '-',
      `${forwardMillis.toPrecision(3)} ms`,
      deviceCopies.find((copy) => copy.modality === modality)?.news ?? '-',
    ]),
  );
  print(`each gives unit vectors here; the bundle is in ${directory}`);
  if (deviceCopies.some(({ isThere }) => isThere)) print(`copies for this machine are in ${deviceCacheFolder}`);
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
