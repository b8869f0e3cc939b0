import { type Bundle, openBundle } from '../../models/bundle/bundle';
import { caveatsOf } from '../../models/bundle/caveats';
import { bundleFolder, MINI } from '../../models/mini/location';
import { type OutputOptions, printNote } from './output';
import { startProgress } from './progress';

/** What `--bundle` means, for the help of a command. */
export const BUNDLE_HELP = `bundle to embed with: a folder, or the name of one that was set up; default: ${MINI}, the one that is shipped, which knows only the simulated world`;

/** Options of every command that needs a bundle. */
export interface BundleOptions extends OutputOptions {
  /** A folder, or {@link MINI}; the shipped one where it is left out. */
  readonly bundle?: string;
  /** Takes what is to be said beside the answer; left out, it goes to the standard error. */
  readonly note?: (text: string) => void;
}

/** {@link openCheckedBundle}, and says what its numbers must not be taken for. */
export async function openNamedBundle(options: BundleOptions): Promise<Bundle> {
  const { note = printNote } = options;
  const bundle = await openCheckedBundle(options);
  for (const caveat of caveatsOf(bundle.manifest)) note(`note: ${caveat}`);
  return bundle;
}

/**
 * Opens the bundle that the command line names, shows progress while it is checked, and its licence the first time.
 *
 * @throws {SensebindError} {@link openBundle}'s errors.
 */
export async function openCheckedBundle({ bundle: named, json, note = printNote }: BundleOptions): Promise<Bundle> {
  const progress = startProgress({ ...(json === undefined ? {} : { json }) });
  const bundle = await openBundle(bundleFolder(named), {
    onProgress: (done) => progress.update({ step: 'check', doneBytes: done.doneBytes, totalBytes: done.totalBytes }),
  }).finally(() => progress.stop());
  if (bundle.firstUse) note(licenceText(bundle.manifest.licence));
  for (const remark of bundle.notes) note(`note: ${remark}`);
  return bundle;
}

/** The licence of a bundle's weights, beside the answer. */
export function printLicence(licence: Bundle['manifest']['licence']): void {
  printNote(licenceText(licence));
}

function licenceText({ name, source, text }: Bundle['manifest']['licence']): string {
  return `Licence of the weights: ${name} (${source})\n${text}`;
}
