import { isDeepStrictEqual } from 'node:util';
import type { Config, SourceConfig } from './config/config';
import { SensebindError } from './errors';
import type { LabelSet } from './zeroshot/labelSet';

/** What is different in a new configuration, of what can be changed while a node runs. */
export interface ConfigChange {
  /** Sources that are to be opened: new ones, and those of which more than the label sets is different. */
  readonly opened: readonly SourceConfig[];
  /** Ids of sources that are to be closed: those that are gone, and those that are opened anew. */
  readonly closed: readonly string[];
  readonly labelSets: { readonly put: readonly LabelSet[]; readonly removed: readonly string[] };
  /** Parts that are different, in words. */
  readonly parts: readonly string[];
}

/** Parts that a node takes over while it runs. Of every other one it holds on to what it began with. */
const CHANGEABLE = ['sources', 'labelSets', 'fusion', 'rules', 'publish'] as const satisfies readonly (keyof Config)[];

/**
 * Compares the configuration that runs with one that is to take its place.
 *
 * @throws {SensebindError} `RESTART_NEEDED` where a part is different that a running node cannot change.
 */
export function changeOf(before: Config, after: Config): ConfigChange {
  const fixed = fixedParts({ ...before, ...after }).filter((key) => !isDeepStrictEqual(before[key], after[key]));
  if (fixed.length > 0) {
    throw new SensebindError(
      'RESTART_NEEDED',
      `expected a configuration that a running node can take over, found changes of ${fixed.join(', ')}`,
      'restart the node to use it, as with systemctl restart sensebind; until then it goes on as before',
    );
  }
  const opened = after.sources.filter((source) => !before.sources.some((old) => isSameDevice(old, source)));
  const closed = before.sources.filter((old) => !after.sources.some((source) => isSameDevice(old, source)));
  return {
    opened,
    closed: closed.map(({ id }) => id),
    labelSets: {
      put: after.labelSets.filter((set) => !before.labelSets.some((old) => isDeepStrictEqual(old, set))),
      removed: before.labelSets.map(({ id }) => id).filter((id) => !after.labelSets.some((set) => set.id === id)),
    },
    parts: CHANGEABLE.filter((key) => !isDeepStrictEqual(before[key], after[key])),
  };
}

/** The folder is that of the file, which is the same. */
function fixedParts(config: Config): readonly (keyof Config)[] {
  const keys = Object.keys(config) as (keyof Config)[];
  return keys.filter((key) => key !== 'folder' && !CHANGEABLE.some((changeable) => changeable === key));
}

/** What a source is scored with does not touch the device. */
function isSameDevice({ labels: _old, ...before }: SourceConfig, { labels: _new, ...after }: SourceConfig): boolean {
  return isDeepStrictEqual(before, after);
}
