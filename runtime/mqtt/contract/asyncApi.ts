import { type Channel, PARAMETERS, publishedChannels, receivedChannels } from './channels';
import { contractSchemas, schemaFileName } from './schemas';

/** Of the contract, not of the package: the major version is a level of every topic. */
const CONTRACT_VERSION = '1.0.0';

const DRAFT_7 = 'application/schema+json;version=draft-07';

/** User properties of messages that are CloudEvents in binary mode (CloudEvents MQTT binding 1.0.2, §3.1). */
const CLOUD_EVENT_HEADERS = {
  type: 'object',
  description: 'User properties, MQTT 5 only. All of it stands in the payload, too.',
  properties: {
    specversion: { type: 'string', const: '1.0' },
    id: { type: 'string' },
    source: { type: 'string', format: 'uri-reference' },
    type: { type: 'string' },
    time: { type: 'string', format: 'date-time' },
    dataschema: { type: 'string', format: 'uri-reference' },
  },
  required: ['specversion', 'id', 'source', 'type', 'time', 'dataschema'],
} as const;

/**
 * The contract as a document of AsyncAPI 3.0.0, with MQTT bindings 0.2.0. Its schemas are the files of `schemas/` beside
 * it, so that none stands twice.
 */
export function asyncApiDocument(): object {
  const channels = [...publishedChannels, ...receivedChannels];
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Sensebind over MQTT',
      version: CONTRACT_VERSION,
      description:
        'What a Sensebind node says and hears. Payloads describe themselves; MQTT 5 adds properties, and nothing is lost on 3.1.1. Readers ignore keys that they do not know. docs/mqtt.md tells what no schema can.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    servers: { broker: server() },
    channels: Object.fromEntries(channels.map((channel) => [channel.name, channelObject(channel)])),
    operations: Object.fromEntries([
      ...publishedChannels.map((channel) => [`send_${channel.name}`, operation('send', channel)]),
      ...receivedChannels.map((channel) => [`receive_${channel.name}`, operation('receive', channel)]),
    ]),
    components: { messages: Object.fromEntries(channels.map((channel) => [channel.name, message(channel)])) },
  };
}

function server(): object {
  return {
    host: '{host}:{port}',
    protocol: 'mqtt',
    protocolVersion: '5.0',
    description: 'Any broker. MQTT 3.1.1 where it does not speak 5.',
    variables: { host: { default: 'localhost' }, port: { default: '1883' } },
    bindings: {
      mqtt: {
        clientId: '{node}',
        cleanSession: false,
        lastWill: { topic: '{base}/v1/{node}/status', qos: 1, message: 'offline', retain: true },
        keepAlive: 30,
        sessionExpiryInterval: 3600,
        maximumPacketSize: 2 ** 20,
        bindingVersion: '0.2.0',
      },
    },
  };
}

function channelObject({ name, address, summary }: Channel): object {
  const used = [...address.matchAll(/\{([a-z]+)\}/g)].map(([, parameter]) => parameter ?? '');
  return {
    address,
    summary,
    messages: { [name]: { $ref: `#/components/messages/${name}` } },
    parameters: Object.fromEntries(used.map((parameter) => [parameter, { description: PARAMETERS[parameter] ?? '' }])),
  };
}

function operation(action: 'send' | 'receive', { name, qos, retain, expirySeconds }: Channel): object {
  return {
    action,
    channel: { $ref: `#/channels/${name}` },
    messages: [{ $ref: `#/channels/${name}/messages/${name}` }],
    bindings: {
      mqtt: {
        qos,
        retain,
        ...(expirySeconds === undefined ? {} : { messageExpiryInterval: expirySeconds }),
        bindingVersion: '0.2.0',
      },
    },
  };
}

function message({ schema, contentType, encoding, isCloudEvent }: Channel): object {
  return {
    title: contractSchemas[schema].title,
    contentType,
    payload: { schemaFormat: DRAFT_7, schema: { $ref: `./schemas/${schemaFileName(schema)}` } },
    ...(isCloudEvent ? { headers: CLOUD_EVENT_HEADERS } : {}),
    bindings: {
      mqtt: {
        payloadFormatIndicator: encoding === 'msgpack' || encoding === 'binary' ? 0 : 1,
        contentType,
        bindingVersion: '0.2.0',
      },
    },
  };
}
