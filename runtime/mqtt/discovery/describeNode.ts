import type { Config } from '../../config/config';
import { type LabelSet, wordsOfId } from '../../zeroshot/labelSet';
import type { DescribedLabel, DescribedNode } from './describedNode';

/** What Home Assistant is told, from the configuration and the label sets in use. */
export function describeNode(
  config: Config,
  now: {
    readonly labelSets: readonly LabelSet[];
    /** By source. */
    readonly modalities: ReadonlyMap<string, string>;
    readonly bundle: string;
    readonly version: string;
  },
): DescribedNode {
  return {
    base: config.baseTopic,
    node: config.node,
    version: now.version,
    bundle: now.bundle,
    sources: config.sources.map(({ id, device, labels }) => ({
      id,
      modality: now.modalities.get(id) ?? 'unknown',
      device: device.kind,
      hasScores: labels.length > 0,
    })),
    groups: config.fusion.filter(({ labels }) => labels.length > 0).map(({ id }) => id),
    labels: labelsOf(now.labelSets),
    rules: config.rules.map(({ id }) => id),
  };
}

/** A label that stands in several sets has one topic; the first title counts. */
function labelsOf(labelSets: readonly LabelSet[]): DescribedLabel[] {
  const labels = new Map<string, DescribedLabel>();
  for (const { id, title } of labelSets.flatMap((labelSet) => labelSet.labels)) {
    if (!labels.has(id)) labels.set(id, { id, title: title ?? wordsOfId(id) });
  }
  return [...labels.values()];
}
