import { realpath } from 'node:fs/promises';
import { type Bundle, openBundle } from '../../models/bundle/bundle';
import { caveatsOf } from '../../models/bundle/caveats';
import type { Manifest } from '../../models/bundle/manifest';
import { readManifest } from '../../models/bundle/readManifest';
import { bundleFolder } from '../../models/mini/location';
import { SensebindError } from '../../runtime/errors';

/** What a dialog shows of a bundle: nothing of the folder beside what its manifest says. */
export interface BundleSummary {
  readonly name: string;
  readonly variant: string;
  readonly space: string;
  readonly dimensions: number;
  readonly trained: boolean;
  readonly licence: { readonly name: string; readonly source: string };
  /** What its numbers must not be taken for. */
  readonly caveats: readonly string[];
  readonly encoders: readonly EncoderSummary[];
}

export interface EncoderSummary {
  readonly modality: string;
  readonly precision: string;
  readonly parameters: number;
  readonly bytes: number;
}

/** Checks that go on, by folder: a second one of the same waits for the first. */
const checks = new Map<string, Promise<Bundle>>();

/**
 * Looks at a bundle.
 *
 * @param named - A folder, or `mini`.
 * @param options - `check`: whether every file is compared with what the manifest says, which can take minutes.
 * @throws {SensebindError} `BUNDLE_MISSING`, `BUNDLE_INVALID`, `BUNDLE_CORRUPT`.
 */
export async function summaryOf(
  named: string | undefined,
  { check }: { readonly check: boolean },
): Promise<BundleSummary> {
  const folder = await realpath(bundleFolder(named)).catch((error: unknown) => {
    throw new SensebindError('BUNDLE_MISSING', 'expected a folder, found none', 'correct the path', { cause: error });
  });
  return summary(check ? (await checked(folder)).manifest : await readManifest(folder));
}

function checked(folder: string): Promise<Bundle> {
  const known = checks.get(folder);
  if (known !== undefined) return known;
  const check = openBundle(folder).finally(() => checks.delete(folder));
  checks.set(folder, check);
  return check;
}

function summary(manifest: Manifest): BundleSummary {
  const { name, variant, space, dimensions, trained, licence } = manifest;
  return {
    ...{ name, variant, space, dimensions, trained },
    licence: { name: licence.name, source: licence.source },
    caveats: caveatsOf(manifest),
    encoders: Object.entries(manifest.encoders).map(([modality, { precision, parameters, model, weights }]) => ({
      ...{ modality, precision, parameters },
      bytes: model.bytes + (weights?.bytes ?? 0),
    })),
  };
}
