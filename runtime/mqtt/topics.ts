import { SensebindError } from '../errors';

/** What ids of nodes, sources and labels, and each level of the base topic, look like (reference/mqtt.md §4). */
export const ID_PATTERN = '^[a-z0-9_-]{1,64}$';

const id = new RegExp(ID_PATTERN);

/** The topics of one node, contract v1 of reference/mqtt.md §4. The major version is a level of its own. */
export interface Topics {
  /** Where everything of this node stands. */
  readonly root: string;
  readonly status: string;
  readonly info: string;
  readonly health: string;
  source(source: string): SourceTopics;
  /** What a group of sources says together. */
  fused(group: string): Pick<SourceTopics, 'embedding' | 'scores'>;
  event(rule: string): EventTopics;
  label(label: string): LabelTopics;
  readonly commands: CommandTopics;
  readonly readingsIn: ReadingsInTopics;
  /** Filter of what a dashboard sets of labels; {@link settingOf} takes such topics apart. */
  readonly labelSettings: string;
}

export interface CommandTopics {
  /** Filter of all commands. */
  readonly filter: string;
  /** The verb of a command that came on a topic of the filter. */
  verbOf(topic: string): string;
  /** Under which answers stand, without a slash at the end. */
  readonly responses: string;
  /** The answer to a command that named no other topic. */
  response(verb: string): string;
  /** How far a long command is. */
  job(id: string): string;
}

/** What boards publish for sources of a node. */
export interface ReadingsInTopics {
  readonly filter: string;
  /** Id of the source that a topic of the filter is for; any level, as strangers wrote it. */
  sourceOf(topic: string): string;
}

export interface LabelTopics {
  readonly state: string;
  readonly attributes: string;
  readonly threshold: SettingTopics;
  readonly prompt: SettingTopics;
}

/** What a dashboard may set, and what it is. */
export interface SettingTopics {
  readonly set: string;
  readonly state: string;
}

export interface EventTopics {
  readonly live: string;
  /** For events that come too late to start anything. */
  readonly backfill: string;
}

export interface SourceTopics {
  readonly status: string;
  readonly state: string;
  readonly embedding: string;
  readonly scores: string;
}

/**
 * @throws {SensebindError} `CONFIG_INVALID` for ids that would not be one plain topic level; also from its functions.
 */
export function topicsOf(options: { readonly base: string; readonly node: string }): Topics {
  const root = `${requireBase(options.base)}/v1/${requireId('node', options.node)}`;
  return {
    root,
    status: `${root}/status`,
    info: `${root}/info`,
    health: `${root}/health`,
    source: (source) => {
      const folder = `${root}/src/${requireId('source', source)}`;
      return {
        status: `${folder}/status`,
        state: `${folder}/state`,
        embedding: `${folder}/emb`,
        scores: `${folder}/scores`,
      };
    },
    fused: (group) => {
      const folder = `${root}/fused/${requireId('group', group)}`;
      return { embedding: `${folder}/emb`, scores: `${folder}/scores` };
    },
    event: (rule) => {
      const topic = `event/${requireId('rule', rule)}`;
      return { live: `${root}/${topic}`, backfill: `${root}/backfill/${topic}` };
    },
    commands: {
      filter: `${root}/cmd/#`,
      verbOf: (topic) => topic.slice(`${root}/cmd/`.length),
      responses: `${root}/rsp`,
      response: (verb) => `${root}/rsp/${verb}`,
      job: (job) => `${root}/job/${job}`,
    },
    readingsIn: {
      filter: `${root}/in/+/readings`,
      sourceOf: (topic) => topic.slice(`${root}/in/`.length, -'/readings'.length),
    },
    labelSettings: `${root}/label/+/+/set`,
    label: (label) => {
      const folder = `${root}/label/${requireId('label', label)}`;
      const setting = (name: string): SettingTopics => ({
        set: `${folder}/${name}/set`,
        state: `${folder}/${name}/state`,
      });
      return {
        state: `${folder}/state`,
        attributes: `${folder}/attr`,
        threshold: setting('threshold'),
        prompt: setting('prompt'),
      };
    },
  };
}

/** What of which label is to be set, from a topic that {@link Topics.labelSettings} names. */
export function settingOf(topic: string): { readonly label: string; readonly setting: string } {
  const [label = '', setting = ''] = topic.split('/').slice(-3, -1);
  return { label, setting };
}

/** What of a node's topics a message came on. */
export type TopicKind =
  | 'status'
  | 'info'
  | 'health'
  | 'source-status'
  | 'source-state'
  | 'embedding'
  | 'scores'
  | 'label-state'
  | 'label'
  | 'event'
  | 'late-event';

const KINDS: readonly { readonly pattern: RegExp; readonly kind: TopicKind }[] = [
  { pattern: /\/v1\/[^/]+\/status$/, kind: 'status' },
  { pattern: /\/v1\/[^/]+\/info$/, kind: 'info' },
  { pattern: /\/v1\/[^/]+\/health$/, kind: 'health' },
  { pattern: /\/v1\/[^/]+\/src\/[^/]+\/status$/, kind: 'source-status' },
  { pattern: /\/v1\/[^/]+\/src\/[^/]+\/state$/, kind: 'source-state' },
  { pattern: /\/v1\/[^/]+\/(src|fused)\/[^/]+\/emb$/, kind: 'embedding' },
  { pattern: /\/v1\/[^/]+\/(src|fused)\/[^/]+\/scores$/, kind: 'scores' },
  { pattern: /\/v1\/[^/]+\/label\/[^/]+\/state$/, kind: 'label-state' },
  { pattern: /\/v1\/[^/]+\/label\/[^/]+\/attr$/, kind: 'label' },
  { pattern: /\/v1\/[^/]+\/event\/[^/]+$/, kind: 'event' },
  { pattern: /\/v1\/[^/]+\/backfill\/event\/[^/]+$/, kind: 'late-event' },
];

/** The reverse of {@link topicsOf}, for readers; `undefined` for topics of others. */
export function kindOfTopic(topic: string): TopicKind | undefined {
  return KINDS.find(({ pattern }) => pattern.test(topic))?.kind;
}

/** What the broker keeps of a node itself. */
export function retainedOfNode({ status, info }: Topics): readonly string[] {
  return [status, info];
}

/** What the broker keeps of a source. */
export function retainedOfSource({ status, state }: SourceTopics): readonly string[] {
  return [status, state];
}

/** What the broker keeps of a label. */
export function retainedOfLabel({ state, attributes, threshold, prompt }: LabelTopics): readonly string[] {
  return [state, attributes, threshold.state, prompt.state];
}

function requireId(what: string, value: string): string {
  if (id.test(value)) return value;
  throw new SensebindError(
    'CONFIG_INVALID',
    `expected a ${what} id of 1 to 64 letters a-z, digits, "-" or "_", found "${value}"`,
    'choose another id: it becomes one level of the MQTT topics',
  );
}

/** Plain levels, each like an id. */
export function isBaseTopic(text: string): boolean {
  return text.split('/').every((level) => id.test(level));
}

function requireBase(base: string): string {
  if (isBaseTopic(base)) return base;
  throw new SensebindError(
    'CONFIG_INVALID',
    `expected a base topic of plain levels such as "home/sensors", found "${base}"`,
    'use a-z, 0-9, "-", "_" and "/" between levels; "+" and "#" are wildcards',
  );
}
