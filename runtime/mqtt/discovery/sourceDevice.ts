import type { DescribedNode, DescribedSource } from './describedNode';
import type { DiscoveredDevice } from './entity';
import { connectivity, entityMaker, healthOptions, identifierOf, nearestLabel, objectIdOf } from './nodeDevice';

/** One source of a node: its state, what it senses, and how long that takes. */
export function sourceDevice(node: DescribedNode, source: DescribedSource): DiscoveredDevice {
  const nodeRoot = `${node.base}/v1/${node.node}`;
  const root = `${nodeRoot}/src/${source.id}`;
  const identifier = `${identifierOf(node)}/${source.id}`;
  const entity = entityMaker(identifier);
  return {
    // Ids have no capital letters: this one cannot be that of a node whose id ends like this source's.
    objectId: `${objectIdOf(node)}_SRC_${source.id}`,
    device: {
      ids: identifier,
      name: `${node.node} ${source.id}`,
      mf: 'Sensebind',
      mdl: `${source.modality}: ${source.device}`,
      via_device: identifierOf(node),
    },
    version: node.version,
    availability: [`${nodeRoot}/status`, `${root}/status`],
    entities: [
      connectivity(entity, root),
      entity('sensor', 'state', {
        name: 'State',
        stat_t: `${root}/state`,
        val_tpl: '{{ value_json.state }}',
        json_attr_t: `${root}/state`,
        dev_cla: 'enum',
        ops: ['offline', 'online', 'degraded', 'disabled'],
        ent_cat: 'diagnostic',
        // Tells above all what is wrong with a source that is away.
        avty: [{ t: `${nodeRoot}/status`, val_tpl: "{{ 'online' if value == 'online' else 'offline' }}" }],
      }),
      entity(
        'sensor',
        'encoding_time',
        healthOptions(nodeRoot, {
          name: 'Encoding time',
          val_tpl: `{% set t = value_json.sources['${source.id}'].encode_ms %}{{ t.p50 | round(1) if t else None }}`,
          dev_cla: 'duration',
          unit_of_meas: 'ms',
          stat_cla: 'measurement',
        }),
      ),
      ...(source.hasScores ? [entity('sensor', 'nearest_label', nearestLabel(root, 'Nearest label'))] : []),
    ],
  };
}
