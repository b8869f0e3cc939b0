import Type, { type Static, type TSchema } from '#typebox';
import { ID_PATTERN } from '../mqtt/topics';
import { LabelSet } from '../zeroshot/labelSet';
import { DURATION_PATTERN } from './duration';
import { Fusion, Rule } from './ruleSchema';
import { Inference, Metrics } from './serviceSchema';

/** A kind of device, as far as a configuration has to know it (devices/device.ts declares them). */
export interface DeviceKind {
  readonly kind: string;
  readonly options: TSchema;
}

const FORBID = { additionalProperties: false } as const;

const Id = Type.String({ pattern: ID_PATTERN, title: '1 to 64 letters a-z, digits, "-" or "_"' });
const Duration = Type.String({ pattern: DURATION_PATTERN, title: 'a duration such as 2s or 500ms' });
const FilePath = Type.String({ minLength: 1, maxLength: 4096, title: 'the path of a file' });
const Secret = { title: 'the name of an environment variable', pattern: '^[A-Za-z_][A-Za-z0-9_]{0,127}$' };

/** How the broker is reached. */
export const Broker = Type.Object(
  {
    url: Type.String({
      pattern: '^(mqtts?|wss?)://[^\\s]+$',
      maxLength: 1024,
      title: 'an address such as mqtt://localhost:1883 or mqtts://broker.example:8883',
    }),
    protocol: Type.Optional(
      Type.Enum(['auto', '5', '3.1.1'], {
        description: 'Version of MQTT. Default: auto, which is 5, and 3.1.1 where a broker refuses it.',
      }),
    ),
    clientId: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$', title: '1 to 64 letters, digits, "-" or "_"' }),
    ),
    username: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    passwordFile: Type.Optional(FilePath),
    passwordEnv: Type.Optional(Type.String(Secret)),
    caFile: Type.Optional(FilePath),
    certFile: Type.Optional(FilePath),
    keyFile: Type.Optional(FilePath),
    homeAssistant: Type.Optional(
      Type.Object(
        {
          enabled: Type.Optional(
            Type.Boolean({ description: 'Home Assistant finds this node by itself. Default: true.' }),
          ),
          prefix: Type.Optional(
            Type.String({
              pattern: '^[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,7}$',
              title: 'a topic such as homeassistant',
              description: 'Its discovery prefix. Default: homeassistant.',
            }),
          ),
        },
        FORBID,
      ),
    ),
  },
  FORBID,
);

/** Where messages wait that must arrive. */
export const Spool = Type.Object(
  {
    folder: Type.Optional(
      Type.String({ minLength: 1, maxLength: 4096, title: 'the path of a folder', description: 'Of this node only.' }),
    ),
    maxMegabytes: Type.Optional(
      Type.Number({ minimum: 1, maximum: 1_000_000, description: 'Most space on the disk. Default: 268.' }),
    ),
    life: Type.Optional(
      Type.String({ ...Duration, description: 'After which a message is given up. Default: 168h, a week.' }),
    ),
  },
  FORBID,
);

const { id: _id, revision: _revision, ...labelSetProperties } = LabelSet.properties;

/** A label set; its id is its key. */
const LabelSetOfConfig = Type.Object(
  { ...labelSetProperties, revision: Type.Optional(Type.Integer({ minimum: 0, description: 'Default: 1.' })) },
  FORBID,
);

/** What is published, and how often. */
export const Publish = Type.Object(
  {
    embeddings: Type.Optional(
      Type.Object(
        {
          enabled: Type.Optional(Type.Boolean({ description: 'Default: true.' })),
          elementType: Type.Optional(Type.Enum(['f16le', 'f32le', 'i8'], { description: 'Default: f16le.' })),
          maxRateHz: Type.Optional(
            Type.Number({ exclusiveMinimum: 0, maximum: 1000, description: 'Default: no limit.' }),
          ),
        },
        FORBID,
      ),
    ),
    scores: Type.Optional(
      Type.Object(
        {
          topK: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 1000, description: 'Best labels in a message. Default: 5.' }),
          ),
          maxRateHz: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1000, description: 'Default: 2.' })),
        },
        FORBID,
      ),
    ),
  },
  FORBID,
);

const Commands = Type.Object(
  {
    enabled: Type.Optional(Type.Boolean({ description: 'Whether commands over MQTT are taken. Default: true.' })),
    responsePrefixes: Type.Optional(
      Type.Array(
        Type.String({
          pattern: '^[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,15}$',
          title: 'a topic such as dashboard/answers',
        }),
        {
          maxItems: 16,
          description: "Where answers may go, beside the node's own rsp.",
        },
      ),
    ),
  },
  FORBID,
);

function sourceSchema<Device extends TSchema>(device: Device) {
  return Type.Object(
    {
      device,
      enabled: Type.Optional(Type.Boolean({ description: 'Default: true.' })),
      window: Type.Optional(
        Type.String({
          ...Duration,
          description: 'Length of a window. Default: as long as the encoder looks, 2s of sound.',
        }),
      ),
      hop: Type.Optional(Type.String({ ...Duration, description: 'Between the starts of two windows. Default: 1s.' })),
      channel: Type.Optional(
        Type.Integer({ minimum: 0, maximum: 31, description: 'Which one is listened to. Default: 0.' }),
      ),
      labels: Type.Optional(Type.Array(Id, { maxItems: 64, description: 'Label sets to score with.' })),
    },
    FORBID,
  );
}

function documentSchema<Device extends TSchema>(device: Device) {
  return Type.Object(
    {
      version: Type.Literal(1, { title: '1, the version of this format' }),
      node: Id,
      bundle: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 4096,
          title: 'the path of a bundle',
          description:
            'Or the name of one that was set up, or mini, the one that is shipped, which knows only the simulated world. Default: mini.',
        }),
      ),
      baseTopic: Type.Optional(
        Type.String({
          pattern: '^[a-z0-9_-]{1,64}(/[a-z0-9_-]{1,64}){0,7}$',
          title: 'a topic such as sensebind or home/sensors',
          description: 'Default: sensebind.',
        }),
      ),
      broker: Broker,
      spool: Type.Optional(Spool),
      sources: Type.Record(Type.String({ pattern: ID_PATTERN }), sourceSchema(device), {
        ...FORBID,
        minProperties: 1,
        maxProperties: 64,
      }),
      labels: Type.Optional(
        Type.Record(Type.String({ pattern: ID_PATTERN }), LabelSetOfConfig, { ...FORBID, maxProperties: 64 }),
      ),
      fusion: Type.Optional(
        Type.Record(Type.String({ pattern: ID_PATTERN }), Fusion, { ...FORBID, maxProperties: 64 }),
      ),
      rules: Type.Optional(Type.Record(Type.String({ pattern: ID_PATTERN }), Rule, { ...FORBID, maxProperties: 1000 })),
      publish: Type.Optional(Publish),
      metrics: Type.Optional(Metrics),
      inference: Type.Optional(Inference),
      commands: Type.Optional(Commands),
    },
    FORBID,
  );
}

/** A configuration whose devices have a kind, and options that their own schema checks. */
export function looseSchema(devices: readonly DeviceKind[]) {
  const kind = Type.Enum(
    devices.map((device) => device.kind),
    { title: 'a kind of device' },
  );
  return documentSchema(Type.Object({ kind }));
}

/** A configuration as it is written. Paths are relative to the folder of its file. */
export type ConfigDocument = Static<ReturnType<typeof looseSchema>>;

/** As {@link looseSchema}, for commands that only read the sources: the bundle and the broker may be left out. */
export function sourcesSchema(devices: readonly DeviceKind[]) {
  const { bundle, broker, ...others } = looseSchema(devices).properties;
  return Type.Object({ ...others, bundle: Type.Optional(bundle), broker: Type.Optional(broker) }, FORBID);
}

/** A configuration that may be without a bundle and a broker. */
export type SourcesDocument = Static<ReturnType<typeof sourcesSchema>>;

/** The JSON Schema of configurations, with the options of every kind of device: for editors. */
export function configJsonSchema(devices: readonly DeviceKind[]): TSchema {
  return { ...documentSchema(Type.Union(devices.map((device) => device.options))), title: 'Sensebind configuration' };
}
