import path from 'node:path';
import { deviceDeclarations } from '../../../devices/catalogue';
import type { WorldChoice } from '../../../devices/simulated/sharedWorld';
import { bundleFolder } from '../../../models/mini/location';
import type { Config } from '../../config/config';
import { readConfig } from '../../config/readConfig';

/** What is played: the same file as anybody can run. */
export const DEMO_CONFIG = path.join(__dirname, '..', '..', '..', '..', 'examples', 'simulated-world.yaml');

/** The broker of a demonstration is never far. */
const SPOOL_BYTES = 2 ** 20;

export interface DemoChoice {
  readonly url: string;
  readonly world: WorldChoice;
  /** A folder, or the name of the shipped bundle. */
  readonly bundle?: string;
  /** Where events wait for the broker; empty. */
  readonly spoolFolder: string;
}

/**
 * The shipped configuration of the simulated world with another world, broker and bundle.
 *
 * @throws {SensebindError} as {@link readConfig}.
 */
export async function demoConfig({ url, world, bundle, spoolFolder }: DemoChoice): Promise<Config> {
  const config = await readConfig(DEMO_CONFIG, deviceDeclarations);
  return {
    ...config,
    node: 'demo',
    bundle: bundle === undefined ? config.bundle : bundleFolder(bundle),
    broker: { ...config.broker, url, clientId: 'demo' },
    spool: { ...config.spool, folder: spoolFolder, maxBytes: SPOOL_BYTES },
    sources: config.sources.map((source) => ({
      ...source,
      device: { ...source.device, ...(world.kind === 'seed' ? { seed: world.seed } : { script: world.file }) },
    })),
  };
}
