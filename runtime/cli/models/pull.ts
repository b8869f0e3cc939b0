import type { Command } from 'commander';
import { untilInterrupted } from '../interrupt';
import { formatBytes, type OutputOptions, print, printJson } from '../output';
import { acceptanceFile } from './licenceQuestion';
import { checkpointPlace, IMAGEBIND, PUBLISHED, requireKnownModel } from './published';
import { type PulledCheckpoint, pullCheckpoint } from './pullCheckpoint';

/** Options of every command that may download the checkpoint. */
export interface PullFlags extends OutputOptions {
  readonly acceptLicence?: boolean;
  readonly url?: string;
  readonly sha256?: string;
}

const EXAMPLES = `
Examples:
  sensebind models pull imagebind
  sensebind models pull imagebind --to /mnt/disk/ --accept-licence

Nothing is downloaded before the licence is accepted: ${PUBLISHED.licence.name}, for research, not for real-world use.
Interrupting is safe: the same command goes on where it ended. A proxy is taken from HTTPS_PROXY and NO_PROXY.`;

/** `sensebind models pull`: the published checkpoint, onto this machine. */
export function registerPull(models: Command): void {
  const pull = models
    .command('pull')
    .description(`download the checkpoint that Meta published (${formatBytes(PUBLISHED.approximateBytes)})`)
    .argument('[model]', 'the only one so far', IMAGEBIND)
    .option('--to <place>', 'file or folder; a folder of your home by default, where "models setup" finds it');
  addPullOptions(pull)
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action((model: string, flags: PullFlags & { readonly to?: string }) =>
      untilInterrupted(async (signal) => {
        requireKnownModel(model);
        const pulled = await pullCheckpoint({ ...flags, file: await checkpointPlace(flags.to), signal });
        if (flags.json)
          printJson({ ...pulled, licence: { ...PUBLISHED.licence, record: acceptanceFile(pulled.file) } });
        else report(pulled, flags);
      }),
    );
}

export function addPullOptions(command: Command): Command {
  return command
    .option('--accept-licence', `say that you accept the licence of the weights, ${PUBLISHED.licence.name}`)
    .option('--url <address>', 'another address of the same file, such as a mirror')
    .option('--sha256 <hex>', 'what the file has to be; without it the hash is shown and kept');
}

function report({ file, bytes, sha256, isNew, url, resumedFromBytes }: PulledCheckpoint, flags: PullFlags): void {
  print(`${file}: ${formatBytes(bytes)}, ${isNew ? `downloaded from ${url}` : 'it was here already'}`);
  if (resumedFromBytes > 0) print(`${formatBytes(resumedFromBytes)} of it were left by an earlier run`);
  print(`sha256 ${sha256}`);
  if (flags.sha256 === undefined) {
    print(
      'No hash of it is published that this one could be compared with. The file is whole, and fits the sums in it.',
    );
  }
  print('next: sensebind models setup imagebind --modalities audio,imu,thermal,text');
}
