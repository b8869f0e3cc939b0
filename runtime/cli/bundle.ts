import { type Bundle, openBundle } from '../../models/bundle/bundle';
import { type OutputOptions, printNote, UsageError } from './output';
import { startProgress } from './progress';

/** Options of every command that needs a bundle. */
export interface BundleOptions extends OutputOptions {
  readonly bundle?: string;
}

/**
 * Opens the bundle that the command line names, shows progress while it is checked, and its licence the first time.
 *
 * @throws {UsageError} when none is named; {@link openBundle}'s errors.
 */
export async function openNamedBundle({ bundle: directory, json }: BundleOptions): Promise<Bundle> {
  if (directory === undefined) {
    throw new UsageError(
      'expected a bundle, found no --bundle',
      'Add --bundle FOLDER; make one with: sensebind models convert imagebind_huge.pth FOLDER',
    );
  }
  const progress = startProgress({ ...(json === undefined ? {} : { json }) });
  const bundle = await openBundle(directory, {
    onProgress: (done) => progress.update({ step: 'check', doneBytes: done.doneBytes, totalBytes: done.totalBytes }),
  }).finally(() => progress.stop());
  if (bundle.firstUse) printLicence(bundle.manifest.licence);
  for (const note of bundle.notes) printNote(`note: ${note}`);
  if (!bundle.manifest.trained) {
    printNote('note: this bundle has random weights. Its numbers show that everything works; they mean nothing.');
  }
  return bundle;
}

/** The licence of a bundle's weights, beside the answer. */
export function printLicence(licence: Bundle['manifest']['licence']): void {
  printNote(`Licence of the weights: ${licence.name} (${licence.source})\n${licence.text}`);
}
