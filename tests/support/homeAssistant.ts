import Type, { type TSchema } from '#typebox';
import { Compile } from '#typebox/compile';

/**
 * Device discovery as Home Assistant documents it, written down from its pages, not from our code:
 * - https://www.home-assistant.io/integrations/mqtt/ ("Device discovery payload", "Supported abbreviations", "~")
 * - …/integrations/{binary_sensor,event,number,sensor,text}.mqtt/: options, which are required, their types
 * - …/integrations/sensor/#device-class, …/binary_sensor/#device-class: allowed classes, and the units that go with them
 * - https://developers.home-assistant.io/docs/core/entity/sensor/: state classes; an enum has neither unit nor state class
 * - home-assistant/core, homeassistant/components/sensor/const.py (00eb668): units and state classes of each device class;
 *   …/binary_sensor/__init__.py (027590d) and …/event/__init__.py: their device classes, all of them
 * - home-assistant/core, homeassistant/components/mqtt/{schemas,discovery}.py: what is shared with the entities, and that
 *   "~" is replaced in each of them on its own
 */
const ABBREVIATIONS: Readonly<Record<string, string>> = {
  avty: 'availability',
  avty_mode: 'availability_mode',
  cmd_t: 'command_topic',
  cmps: 'components',
  dev: 'device',
  dev_cla: 'device_class',
  en: 'enabled_by_default',
  ent_cat: 'entity_category',
  evt_typ: 'event_types',
  exp_aft: 'expire_after',
  json_attr_t: 'json_attributes_topic',
  o: 'origin',
  ops: 'options',
  p: 'platform',
  stat_cla: 'state_class',
  stat_t: 'state_topic',
  t: 'topic',
  uniq_id: 'unique_id',
  unit_of_meas: 'unit_of_measurement',
  val_tpl: 'value_template',
};
const DEVICE_ABBREVIATIONS: Readonly<Record<string, string>> = {
  cns: 'connections',
  cu: 'configuration_url',
  hw: 'hw_version',
  ids: 'identifiers',
  mdl: 'model',
  mf: 'manufacturer',
  sa: 'suggested_area',
  sn: 'serial_number',
  sw: 'sw_version',
};
const ORIGIN_ABBREVIATIONS: Readonly<Record<string, string>> = { sw: 'sw_version', url: 'support_url' };

/** Root options that entities inherit where they have none of their own. */
const SHARED = ['availability', 'availability_mode', 'command_topic', 'state_topic', 'qos', 'encoding'];

const STRICT = { additionalProperties: false } as const;
const text = Type.String({ minLength: 1 });
const subscribed = Type.String({ minLength: 1, pattern: '^[^~]*$' });
/** No wildcards. */
const published = Type.String({ minLength: 1, pattern: '^[^~+#]*$' });

const Availability = Type.Array(
  Type.Object(
    {
      topic: subscribed,
      value_template: Type.Optional(text),
      payload_available: Type.Optional(text),
      payload_not_available: Type.Optional(text),
    },
    STRICT,
  ),
  { minItems: 1 },
);

const common = {
  availability: Type.Optional(Availability),
  availability_mode: Type.Optional(Type.Enum(['all', 'any', 'latest'])),
  enabled_by_default: Type.Optional(Type.Boolean()),
  entity_category: Type.Optional(Type.Enum(['config', 'diagnostic'])),
  json_attributes_topic: Type.Optional(subscribed),
  name: Type.Optional(Type.Union([text, Type.Null()])),
  qos: Type.Optional(Type.Enum([0, 1, 2])),
  unique_id: text,
  value_template: Type.Optional(text),
};

const BINARY_CLASSES =
  'battery battery_charging carbon_monoxide cold connectivity door garage_door gas heat light lock moisture motion moving occupancy opening plug power presence problem running safety smoke sound tamper update vibration window';

/** Of those classes that come here at all: the units that each may have. */
const UNITS: Readonly<Record<string, readonly string[]>> = {
  data_rate: 'bit/s kbit/s Mbit/s Gbit/s B/s kB/s MB/s GB/s KiB/s MiB/s GiB/s'.split(' '),
  data_size: 'bit kbit Mbit Gbit B kB MB GB TB PB EB ZB YB KiB MiB GiB TiB PiB EiB ZiB YiB'.split(' '),
  duration: ['d', 'h', 'min', 's', 'ms'],
  temperature: ['°C', '°F', 'K'],
};

/** State classes that each of them may have. */
const STATE_CLASSES: Readonly<Record<string, readonly string[]>> = {
  data_rate: ['measurement'],
  data_size: ['measurement', 'total', 'total_increasing'],
  duration: ['measurement', 'total', 'total_increasing'],
  temperature: ['measurement'],
};

const PLATFORMS: Readonly<Record<string, TSchema>> = {
  binary_sensor: Type.Object(
    {
      ...common,
      state_topic: subscribed,
      device_class: Type.Optional(Type.Enum(BINARY_CLASSES.split(' '))),
      expire_after: Type.Optional(Type.Integer({ minimum: 0 })),
      off_delay: Type.Optional(Type.Integer({ minimum: 0 })),
      payload_on: Type.Optional(text),
      payload_off: Type.Optional(text),
    },
    STRICT,
  ),
  event: Type.Object(
    {
      ...common,
      state_topic: subscribed,
      event_types: Type.Array(text, { minItems: 1 }),
      device_class: Type.Optional(Type.Enum(['button', 'doorbell', 'motion'])),
    },
    STRICT,
  ),
  number: Type.Object(
    {
      ...common,
      command_topic: published,
      state_topic: Type.Optional(subscribed),
      min: Type.Optional(Type.Number()),
      max: Type.Optional(Type.Number()),
      step: Type.Optional(Type.Number({ minimum: 0.001 })),
      mode: Type.Optional(Type.Enum(['auto', 'box', 'slider'])),
    },
    STRICT,
  ),
  sensor: Type.Object(
    {
      ...common,
      state_topic: subscribed,
      device_class: Type.Optional(Type.Enum([...Object.keys(UNITS), 'enum'])),
      expire_after: Type.Optional(Type.Integer({ minimum: 0 })),
      options: Type.Optional(Type.Array(text, { minItems: 1 })),
      state_class: Type.Optional(Type.Enum(['measurement', 'measurement_angle', 'total', 'total_increasing'])),
      unit_of_measurement: Type.Optional(text),
    },
    STRICT,
  ),
  text: Type.Object(
    {
      ...common,
      command_topic: published,
      state_topic: Type.Optional(subscribed),
      min: Type.Optional(Type.Integer({ minimum: 0 })),
      max: Type.Optional(Type.Integer({ minimum: 0, maximum: 255 })),
      mode: Type.Optional(Type.Enum(['text', 'password'])),
      pattern: Type.Optional(text),
    },
    STRICT,
  ),
};

const device = Type.Object(
  {
    identifiers: Type.Union([text, Type.Array(text, { minItems: 1 })]),
    name: Type.Optional(text),
    manufacturer: Type.Optional(text),
    model: Type.Optional(text),
    sw_version: Type.Optional(text),
    via_device: Type.Optional(text),
  },
  STRICT,
);

const root = Type.Object(
  {
    device,
    origin: Type.Object(
      {
        name: text,
        sw_version: Type.Optional(text),
        support_url: Type.Optional(Type.String({ pattern: '^https?://' })),
      },
      STRICT,
    ),
    components: Type.Record(text, Type.Object({ platform: Type.Enum(Object.keys(PLATFORMS)) })),
    availability: Type.Optional(Availability),
    availability_mode: Type.Optional(Type.Enum(['all', 'any', 'latest'])),
    qos: Type.Optional(Type.Enum([0, 1, 2])),
  },
  STRICT,
);

const rootValidator = Compile(root);
const validators = new Map(Object.entries(PLATFORMS).map(([platform, schema]) => [platform, Compile(schema)]));

/** An entity as Home Assistant sees it, all names long and all topics whole. */
export type SeenEntity = Readonly<Record<string, unknown>> & { readonly platform: string };

export interface SeenDevice {
  readonly device: Readonly<Record<string, unknown>>;
  readonly entities: ReadonlyMap<string, SeenEntity>;
  /** Ids of entities to be removed. */
  readonly removed: readonly string[];
}

const TOPIC = /^[^#+]+\/device\/(?:[a-zA-Z0-9_-]+\/)?[a-zA-Z0-9_-]+\/config$/;

/**
 * Reads a discovery message as Home Assistant does.
 *
 * @returns `undefined` for an empty one: the device is gone.
 * @throws when Home Assistant would not take it.
 */
export function readDiscovery(topic: string, payload: Uint8Array): SeenDevice | undefined {
  if (!TOPIC.test(topic)) throw new Error(`not a topic of device discovery: ${topic}`);
  if (payload.length === 0) return undefined;
  if (payload.length >= 32_000) throw new Error(`${payload.length} bytes on ${topic}`);
  const message = longNames(record(JSON.parse(Buffer.from(payload).toString())), ABBREVIATIONS);
  message['device'] = longNames(record(message['device']), DEVICE_ABBREVIATIONS);
  message['origin'] = longNames(record(message['origin']), ORIGIN_ABBREVIATIONS);
  const components = Object.entries(record(message['components'])).map(
    ([id, component]) => [id, longNames(record(component), ABBREVIATIONS)] as const,
  );
  message['components'] = Object.fromEntries(components);
  const [first] = rootValidator.Errors(message);
  if (first) throw new Error(`${topic}: ${first.instancePath} ${first.message}`);
  const entities = new Map<string, SeenEntity>();
  const removed: string[] = [];
  for (const [id, { platform, ...own }] of components) {
    if (Object.keys(own).length === 0) removed.push(id);
    else
      entities.set(id, { platform: String(platform), ...entityOf(`${topic}: ${id}`, String(platform), own, message) });
  }
  return { device: record(message['device']), entities, removed };
}

function entityOf(
  where: string,
  platform: string,
  own: Readonly<Record<string, unknown>>,
  message: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const entity: Record<string, unknown> = { ...own };
  for (const option of SHARED) if (option in message && !(option in entity)) entity[option] = message[option];
  replaceBase(entity);
  const [first] = validators.get(platform)?.Errors(entity) ?? [];
  if (first) throw new Error(`${where}: ${first.instancePath} ${first.message} ${JSON.stringify(first.params)}`);
  if (platform === 'sensor') checkSensor(where, entity);
  return entity;
}

function checkSensor(where: string, entity: Readonly<Record<string, unknown>>): void {
  const { device_class: kind, unit_of_measurement: unit, state_class: state, options } = entity;
  if (kind === 'enum' ? unit !== undefined || state !== undefined || options === undefined : options !== undefined) {
    throw new Error(`${where}: options go with the class enum, and with no unit and no state class`);
  }
  const units = UNITS[String(kind)];
  if (units !== undefined && !units.includes(String(unit))) throw new Error(`${where}: ${unit} is no unit of ${kind}`);
  const states = STATE_CLASSES[String(kind)];
  if (states !== undefined && state !== undefined && !states.includes(String(state)))
    throw new Error(`${where}: ${state} is no state class of ${kind}`);
}

/** `~` at the beginning or end of topics. */
function replaceBase(entity: Record<string, unknown>): void {
  const base = entity['~'];
  if (base === undefined) return;
  delete entity['~'];
  for (const [key, value] of Object.entries(entity)) {
    if (!key.endsWith('topic') || typeof value !== 'string') continue;
    entity[key] = value.replace(/^~/, String(base)).replace(/~$/, String(base));
  }
}

function longNames(options: Record<string, unknown>, names: Readonly<Record<string, string>>): Record<string, unknown> {
  const long = Object.fromEntries(Object.entries(options).map(([name, value]) => [names[name] ?? name, value]));
  if (Array.isArray(long['availability'])) {
    long['availability'] = long['availability'].map((entry) => longNames(record(entry), ABBREVIATIONS));
  }
  return long;
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`expected an object: ${value}`);
  return value as Record<string, unknown>;
}
