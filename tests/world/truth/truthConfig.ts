import path from 'node:path';
import { deviceDeclarations } from '../../../devices/catalogue';
import { events } from '../../../devices/simulated/events/catalogue';
import type { Millis } from '../../../runtime/clock';
import type { Config } from '../../../runtime/config/config';
import { readConfig } from '../../../runtime/config/readConfig';
import type { Rule } from '../../../runtime/events/rule';

/** The configuration that users get. */
const PRESET = path.join(__dirname, '..', '..', '..', '..', 'examples', 'simulated-world.yaml');

/** Nobody listens there: events are taken from the pipeline before they are published. */
const NO_BROKER = 'mqtt://127.0.0.1:9';

/**
 * When one sensor alone reports an event: chosen on the seeds 1000 to 1011, as the thresholds of the preset. A minimum time
 * of one or two hops leaves out what a single window says.
 */
const ALONE: Readonly<Record<string, { readonly on: number; readonly minimumOn: number }>> = {
  cam0: { on: 0.75, minimumOn: 0 },
  depth0: { on: 0.5, minimumOn: 0 },
  heat0: { on: 0.7, minimumOn: 0 },
  mic0: { on: 0.5, minimumOn: 1000 },
  imu0: { on: 0.7, minimumOn: 2000 },
};

/** Between the id of a source and a label in the id of a rule of one sensor. */
const OF = '--';

export interface TruthConfig {
  readonly config: Config;
  /** Id of the group. */
  readonly group: string;
  /** Ids of the sources, and what each can perceive. */
  readonly sensesOf: ReadonlyMap<string, readonly string[]>;
  /** Events that have a label. */
  readonly named: ReadonlySet<string>;
  /** What a rule of the group, or of one source, reports. */
  labelOf(of: string, rule: string): string | undefined;
}

/** The shipped preset as it is, and beside its rules the same ones for each sensor alone. */
export async function truthConfig(): Promise<TruthConfig> {
  const preset = await readConfig(PRESET, deviceDeclarations);
  const [group] = preset.fusion;
  if (group === undefined) throw new Error('expected a group in the preset, found none');
  const alone = preset.sources.flatMap(({ id }) =>
    preset.rules.flatMap((rule) => (canPerceive(sensorOf(preset, id), rule.id) ? [aloneRule(rule, id)] : [])),
  );
  const config: Config = {
    ...preset,
    broker: { ...preset.broker, url: NO_BROKER },
    rules: [...preset.rules, ...alone],
    publish: { ...preset.publish, embeddings: { ...preset.publish.embeddings, enabled: false } },
  };
  return {
    config,
    group: group.id,
    sensesOf: new Map(preset.sources.map(({ id }) => [id, [sensorOf(preset, id)]])),
    named: new Set(preset.rules.map(({ id }) => id)),
    labelOf: (of, rule) => {
      const [source, label] = rule.split(OF);
      if (of === group.id) return label === undefined ? rule : undefined;
      return source === of ? label : undefined;
    },
  };
}

function aloneRule(rule: Rule, source: string): Rule {
  const { on, minimumOn } = ALONE[source] ?? { on: 0.5, minimumOn: 0 };
  if (rule.when.kind !== 'label') throw new Error(`expected the rule "${rule.id}" to be of one label`);
  return {
    ...rule,
    id: `${source}${OF}${rule.id}`,
    when: { ...rule.when, of: source, on },
    minimumOn: minimumOn as Millis,
  };
}

function canPerceive(sensor: string, event: string): boolean {
  return events.some(({ id, sensors }) => id === event && sensors.some((one) => one === sensor));
}

function sensorOf({ sources }: Config, source: string): string {
  const kind = sources.find(({ id }) => id === source)?.device.kind ?? '';
  return deviceDeclarations.find((declaration) => declaration.kind === kind)?.modality ?? '';
}
