import { wordsOfId } from '../../zeroshot/labelSet';
import { HEALTH_EXPIRY_SECONDS } from '../contract/channels';
import type { DescribedLabel, DescribedNode } from './describedNode';
import type { DiscoveredDevice, Entity, OptionValue, Platform } from './entity';

type Options = Readonly<Record<string, OptionValue>>;

/** Health comes every 10 s and is not retained: a value of a node that fell silent goes away. */
const FORGET_HEALTH_SECONDS = HEALTH_EXPIRY_SECONDS + 5;

/** Scores of a source come at least with each window, unless it is silent. */
const FORGET_SCORES_SECONDS = 60;

/** Home Assistant shows no longer text (https://www.home-assistant.io/integrations/text.mqtt/). */
const LONGEST_TEXT = 255;

/** The node itself: how it is, all labels, and what its rules detect. */
export function nodeDevice(node: DescribedNode): DiscoveredDevice {
  const root = `${node.base}/v1/${node.node}`;
  const entity = entityMaker(`${node.base}/${node.node}`);
  return {
    objectId: objectIdOf(node),
    device: {
      ids: identifierOf(node),
      name: node.node,
      mf: 'Sensebind',
      mdl: node.bundle === undefined ? 'Node-RED' : `bundle ${node.bundle}`,
      sw: node.version,
    },
    version: node.version,
    availability: [`${root}/status`],
    entities: [
      connectivity(entity, root),
      ...healthEntities(entity, root),
      ...node.groups.map((group) =>
        entity(
          'sensor',
          `group_${group}`,
          nearestLabel(`${root}/fused/${group}`, `${wordsOfId(group)}: nearest label`),
        ),
      ),
      ...node.rules.map((rule) =>
        entity('event', `event_${rule}`, { name: wordsOfId(rule), stat_t: `${root}/event/${rule}`, evt_typ: [rule] }),
      ),
      ...node.labels.flatMap((label) => labelEntities(entity, { root, label })),
    ],
  };
}

/** What the entities of one thing have in common. */
export type EntityMaker = (platform: Platform, id: string, options: Options) => Entity;

/** @param identifier - of the device; slashes keep ids apart, which must not have any. */
export function entityMaker(identifier: string): EntityMaker {
  return (platform, id, options) => ({ id, platform, options: { uniq_id: `${identifier}/${id}`, ...options } });
}

/** Object id of a node in the topic of its discovery. */
export function objectIdOf({ base, node }: Pick<DescribedNode, 'base' | 'node'>): string {
  return `${base.replaceAll('/', '_')}_${node}`;
}

export function identifierOf({ base, node }: Pick<DescribedNode, 'base' | 'node'>): string {
  return `${base}/${node}`;
}

/** The status of a node or a source. Is there also, and above all, when that is not. */
export function connectivity(entity: EntityMaker, root: string): Entity {
  return entity('binary_sensor', 'connectivity', {
    name: 'Connection',
    stat_t: `${root}/status`,
    val_tpl: "{{ 'ON' if value == 'online' else 'OFF' }}",
    dev_cla: 'connectivity',
    ent_cat: 'diagnostic',
    avty: [{ t: `${root}/status`, val_tpl: 'online' }],
  });
}

/** The best label of a stream of scores, in words. */
export function nearestLabel(root: string, name: string): Options {
  return {
    name,
    stat_t: `${root}/scores`,
    val_tpl: "{{ (value_json.k | first).l if value_json.k else 'none' }}",
    exp_aft: FORGET_SCORES_SECONDS,
  };
}

/** A number of the health message. */
export function healthOptions(root: string, options: Options & { readonly val_tpl: string }): Options {
  return { stat_t: `${root}/health`, ent_cat: 'diagnostic', exp_aft: FORGET_HEALTH_SECONDS, ...options };
}

/**
 * Classes with the units and state classes that home-assistant/core allows them in
 * homeassistant/components/sensor/const.py (DEVICE_CLASS_UNITS, DEVICE_CLASS_STATE_CLASSES; read at 00eb668): a duration in s
 * or ms and a data size in B or MB, each of any state class. What is counted has no class: there is none for numbers of things.
 */
function healthEntities(entity: EntityMaker, root: string): Entity[] {
  const sensor = (id: string, options: Options & { readonly val_tpl: string }): Entity =>
    entity('sensor', id, healthOptions(root, options));
  const measured = { stat_cla: 'measurement' } as const;
  const counted = { stat_cla: 'total_increasing' } as const;
  return [
    sensor('uptime', {
      name: 'Uptime',
      val_tpl: '{{ value_json.uptime_s | int }}',
      dev_cla: 'duration',
      unit_of_meas: 's',
      ...counted,
    }),
    sensor('memory', {
      name: 'Memory',
      val_tpl: '{{ value_json.rss_mb | int }}',
      dev_cla: 'data_size',
      unit_of_meas: 'MB',
      ...measured,
    }),
    sensor('reconnects', { name: 'Reconnects', val_tpl: '{{ value_json.reconnects }}', ...counted }),
    sensor('drops', { name: 'Dropped messages', val_tpl: '{{ value_json.drops.values() | sum }}', ...counted }),
    sensor('spool_records', { name: 'Waiting events', val_tpl: '{{ value_json.spool.records }}', ...measured }),
    sensor('spool_bytes', {
      name: 'Spool on disk',
      val_tpl: '{{ value_json.spool.bytes }}',
      dev_cla: 'data_size',
      unit_of_meas: 'B',
      ...measured,
    }),
    sensor('dead_letters', { name: 'Refused events', val_tpl: '{{ value_json.spool.dead_letters }}', ...counted }),
  ];
}

/** Whether a label is on, from which probability it is, and the words that describe it. */
function labelEntities(
  entity: EntityMaker,
  { root, label }: { readonly root: string; readonly label: DescribedLabel },
): Entity[] {
  const { id, title } = label;
  // Replaced within an entity only, never in what its device says for all.
  const base = { '~': `${root}/label/${id}` };
  return [
    entity('binary_sensor', `label_${id}`, { ...base, name: title, stat_t: '~/state', json_attr_t: '~/attr' }),
    entity('number', `threshold_${id}`, {
      ...base,
      name: `${title}: threshold`,
      stat_t: '~/threshold/state',
      cmd_t: '~/threshold/set',
      min: 0,
      max: 1,
      step: 0.01,
      mode: 'box',
      ent_cat: 'config',
    }),
    entity('text', `prompt_${id}`, {
      ...base,
      name: `${title}: words`,
      stat_t: '~/prompt/state',
      cmd_t: '~/prompt/set',
      max: LONGEST_TEXT,
      ent_cat: 'config',
    }),
  ];
}
