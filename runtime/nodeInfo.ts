import type { Bundle } from '../models/bundle/bundle';
import type { Config } from './config/config';
import { encoderHash } from './inference/encoderHash';
import type { LaneSource } from './lane';
import { schemaIds } from './mqtt/messages';
import type { NodeInfo } from './mqtt/nodePublisher';
import { nameOf } from './zeroshot/labelSet';
import type { Revision } from './zeroshot/labelSets';

/** What a node tells of itself: what it is made of at the moment. */
export function nodeInfo({
  config,
  bundle,
  version,
  sources,
  labelSets,
}: {
  readonly config: Config;
  readonly bundle: Bundle;
  readonly version: string;
  readonly sources: readonly LaneSource[];
  readonly labelSets: readonly Revision[];
}): NodeInfo {
  const { name, variant, space, dimensions, trained, licence, notice, encoders } = bundle.manifest;
  // What a source is scored with may change while it stays open.
  const labelsOf = new Map(config.sources.map(({ id, labels }) => [id, labels]));
  return {
    node: config.node,
    version,
    bundle: {
      name,
      variant,
      space,
      dimensions,
      trained,
      licence: licence.name,
      ...(notice === undefined ? {} : { notice }),
    },
    models: Object.entries(encoders).map(([modality, encoder]) => ({
      modality,
      sha256: encoderHash(encoder),
      precision: encoder.precision,
      preset: encoder.preset,
    })),
    sources: sources.map(({ source: { id, modality }, config: { device } }) => ({
      id,
      modality,
      device: device.kind,
      labels: [...(labelsOf.get(id) ?? [])],
    })),
    groups: config.fusion.map(({ id, sources: weights, labels }) => ({
      id,
      sources: Object.keys(weights),
      labels: [...labels],
    })),
    rules: config.rules.map(({ id, severity }) => ({ id, severity })),
    sets: labelSets.map(({ labelSet }) => nameOf(labelSet)),
    schemas: [...schemaIds],
  };
}
