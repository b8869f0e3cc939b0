import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { Compile } from '#typebox/compile';
import { deviceDeclarations as devices } from '../../../devices/catalogue';
import { parseConfig, readConfig, readSourcesConfig } from '../../../runtime/config/readConfig';
import { configJsonSchema } from '../../../runtime/config/schema';
import { isSensebindError } from '../../../runtime/errors';
import { refused } from '../../support/refused';
import { temporaryFolder } from '../../support/temporaryFolder';

const FULL = `
version: 1
node: box-1
baseTopic: home/sensors
bundle: ./bundles/huge
broker:
  url: mqtts://broker.example:8883
  protocol: '5'
  clientId: Box1
  username: box
  passwordFile: secrets/broker
  caFile: /etc/ssl/ca.pem
spool: { folder: spool, maxMegabytes: 64, life: 2h }
sources:
  mic0:
    device: { kind: arecord, device: "plughw:CARD=Device,DEV=0", sampleRateHz: 48000, channels: 2 }
    window: 4s
    hop: 500ms
    channel: 1
    labels: [doors]
  file0:
    device: { kind: wav, file: sounds/door.wav, loop: true }
    enabled: false
labels:
  doors:
    revision: 7
    templates: audio
    labels:
      - { id: glass_break, prompts: [glass breaking, a window shatters], threshold: 0.6 }
      - id: door_bell
    background: [silence]
publish:
  embeddings: { elementType: i8, maxRateHz: 1 }
  scores: { topK: 3, maxRateHz: 0.5 }
`;

const SMALL = `
version: 1
node: box
bundle: b
broker: { url: 'mqtt://localhost' }
sources: { mic0: { device: { kind: arecord } } }
`;

const read = (text: string) => parseConfig(text, { file: '/etc/sensebind/config.yaml', devices });

/** What is reported of a text, as `line:column message`. */
function problems(text: string): string[] {
  try {
    read(text);
  } catch (error) {
    assert.ok(isSensebindError(error, 'CONFIG_INVALID'), String(error));
    return [...error.message.matchAll(/config\.yaml:(\d+:\d+ .*)/g)].map(([, problem]) => problem ?? '');
  }
  return [];
}

/** `SMALL` with one line changed. */
function changed(from: string, to: string): string {
  assert.ok(SMALL.includes(from));
  return SMALL.replace(from, to);
}

describe('a configuration', () => {
  it('is read with paths made absolute and durations made numbers', () => {
    assert.deepEqual(read(FULL), {
      folder: '/etc/sensebind',
      node: 'box-1',
      baseTopic: 'home/sensors',
      bundle: '/etc/sensebind/bundles/huge',
      broker: {
        url: 'mqtts://broker.example:8883',
        protocol: '5',
        clientId: 'Box1',
        homeAssistant: { enabled: true, prefix: 'homeassistant' },
        username: 'box',
        password: { file: '/etc/sensebind/secrets/broker' },
        caFile: '/etc/ssl/ca.pem',
      },
      spool: { folder: '/etc/sensebind/spool', maxBytes: 64_000_000, life: 7_200_000 },
      sources: [
        {
          id: 'mic0',
          device: { kind: 'arecord', device: 'plughw:CARD=Device,DEV=0', sampleRateHz: 48_000, channels: 2 },
          enabled: true,
          window: 4000,
          hop: 500,
          channel: 1,
          labels: ['doors'],
        },
        {
          id: 'file0',
          device: { kind: 'wav', file: 'sounds/door.wav', loop: true },
          enabled: false,
          hop: 1000,
          channel: 0,
          labels: [],
        },
      ],
      labelSets: [
        {
          id: 'doors',
          revision: 7,
          templates: 'audio',
          labels: [
            { id: 'glass_break', prompts: ['glass breaking', 'a window shatters'], threshold: 0.6 },
            { id: 'door_bell' },
          ],
          background: ['silence'],
        },
      ],
      fusion: [],
      rules: [],
      publish: {
        embeddings: { enabled: true, elementType: 'i8', maxRateHz: 1 },
        scores: { topK: 3, maxRateHz: 0.5 },
      },
    });
  });

  it('needs neither a bundle nor a broker where only its sources are used', async (context) => {
    const file = path.join(await temporaryFolder(context), 'config.yaml');
    const sources = SMALL.replace(/^(?:bundle|broker):.*$/gm, '');
    await writeFile(file, sources);
    const { folder, node, sources: read } = await readSourcesConfig(file, devices);
    assert.deepEqual([folder, node, read.map(({ id }) => id)], [path.dirname(file), 'box', ['mic0']]);
    await assert.rejects(readConfig(file, devices), refused('CONFIG_INVALID', /"broker"/));
    await writeFile(file, `${sources}broker: { url: 'mqtt://user:secret@localhost' }\n`);
    await assert.rejects(readSourcesConfig(file, devices), refused('CONFIG_INVALID', /user name and password/));
  });

  it('offers the word of a device for the word of another program, and says what a missing option means', () => {
    const device = (options: string): string | undefined =>
      problems(changed('{ kind: arecord }', options)).find((problem) => /→/.test(problem));
    assert.match(device('{ kind: witmotion, path: /dev/a, baud: 9600 }') ?? '', /did you mean "baudRate"/);
    assert.match(device('{ kind: simulated-imu, scenario: a.yaml }') ?? '', /did you mean "script"/);
    assert.match(device('{ kind: depth-folder, folder: a, path: b }') ?? '', /→ remove it/);
    assert.match(
      problems(changed('{ kind: arecord }', '{ kind: depth-folder, path: b }')).join('\n'),
      /add it: Folder of 16-bit gray PNG files\.[\s\S]*did you mean "folder"/,
    );
  });

  it('needs little, and fills in the rest', () => {
    const { baseTopic, broker, sources, labelSets, publish } = read(SMALL);
    assert.deepEqual(
      { baseTopic, broker, labelSets, publish, window: sources[0]?.window, hop: sources[0]?.hop },
      {
        baseTopic: 'sensebind',
        broker: {
          url: 'mqtt://localhost',
          protocol: 'auto',
          clientId: 'box',
          homeAssistant: { enabled: true, prefix: 'homeassistant' },
        },
        labelSets: [],
        publish: {
          embeddings: { enabled: true, elementType: 'f16le', maxRateHz: Number.POSITIVE_INFINITY },
          scores: { topK: 5, maxRateHz: 2 },
        },
        window: undefined,
        hop: 1000,
      },
    );
  });

  it('is described by a JSON Schema that takes and refuses the same', () => {
    const schema = JSON.parse(JSON.stringify(configJsonSchema(devices)));
    const validator = Compile(schema);
    assert.equal(validator.Check(parse(FULL)), true);
    assert.equal(validator.Check(parse(SMALL)), true);
    assert.equal(validator.Check(parse(changed('kind: arecord', 'kind: arecord, sampleRateHz: 1'))), false);
    assert.equal(validator.Check(parse(changed('node: box', 'nod: box'))), false);
  });

  it('tells all its problems at once, each with line, column and what to do', () => {
    const text = `version: 2
node: Box 1
bundel: ./b
broker:
  url: mqtt//x
sources:
  mic0:
    device: { kind: arecrod }
  mic1:
    device:
      kind: wav
      fil: x.wav
    windw: 2
  "A B":
    device: { kind: wav, file: x.wav }
publish:
  scores: { topK: 0 }
  embeddings: { elementType: f16 }
`;
    assert.deepEqual(problems(text), [
      '1:1 version: expected 1, the version of this format, found 2',
      '2:1 node: expected 1 to 64 letters a-z, digits, "-" or "_", found "Box 1"',
      '3:1 bundel: expected "bundle", found the unknown key "bundel" → did you mean "bundle"?',
      '5:3 broker.url: expected an address such as mqtt://localhost:1883 or mqtts://broker.example:8883, found "mqtt//x"',
      `8:15 sources.mic0.device.kind: expected one of ${devices.map(({ kind }) => kind).join(', ')}, found "arecrod" → did you mean "arecord"?`,
      '10:5 sources.mic1.device.file: expected the key "file", found none → add it: Path of a WAV file.',
      '12:7 sources.mic1.device.fil: expected "file", found the unknown key "fil" → did you mean "file"?',
      '13:5 sources.mic1.windw: expected "window", found the unknown key "windw" → did you mean "window"?',
      '14:3 sources.A B: expected an id of 1 to 64 letters a-z, digits, "-" or "_", found "A B"',
      '17:13 publish.scores.topK: expected >= 1, found 0',
      '18:17 publish.embeddings.elementType: expected one of f16le, f32le, i8, found "f16"',
    ]);
  });

  for (const [what, text, expected] of [
    ['no map', '[1, 2]', /1:1 expected a map/],
    ['nothing', '', /1:1 expected a map/],
    ['broken YAML', 'version: 1\nnode: [box\n', /3:1 expected YAML/],
    ['a key twice', `${SMALL}node: other\n`, /7:1 expected YAML.*unique/],
    ['a tag that says nothing', SMALL.replace('node: ', 'node: !!js/function '), /expected YAML.*tag/],
    [
      'a bomb of aliases',
      `a: &a [x, x, x, x, x, x, x, x, x, x]\n${'bcdefgh'
        .split('')
        .map((key, index) => `${key}: &${key} [${Array(10).fill(`*${'abcdefg'[index]}`).join(', ')}]`)
        .join('\n')}\n`,
      /1:1 expected plain YAML/,
    ],
    [
      'a password',
      changed("'mqtt://localhost' }", "'mqtt://localhost', username: me, password: x }"),
      /5:\d+ broker\.password: expected no secret .* → put it into a file/,
    ],
    [
      'a password in the address',
      changed('mqtt://localhost', 'mqtt://me:word@localhost'),
      /5:\d+ broker\.url: .*without a user name/,
    ],
    [
      'two places of a password',
      changed("'mqtt://localhost' }", "'mqtt://localhost', username: me, passwordFile: a, passwordEnv: B }"),
      /passwordEnv: expected one place/,
    ],
    [
      'a password without a user',
      changed("'mqtt://localhost' }", "'mqtt://localhost', passwordEnv: B }"),
      /passwordEnv: expected a user name/,
    ],
    [
      'certificates without TLS',
      changed("'mqtt://localhost' }", "'mqtt://localhost', caFile: ca.pem }"),
      /caFile: expected an address that starts with mqtts/,
    ],
    [
      'a certificate without its key',
      changed("'mqtt://localhost' }", "'mqtts://localhost', certFile: a.pem }"),
      /certFile: .*together/,
    ],
    [
      'a hop longer than the window',
      changed('arecord } }', 'arecord }, window: 1s, hop: 2s }'),
      /6:\d+ sources\.mic0\.hop: expected a hop of at least/,
    ],
    [
      'a window of a day',
      changed('arecord } }', 'arecord }, window: 24h }'),
      /6:\d+ sources\.mic0\.window: expected a window of 100ms to 60s/,
    ],
    [
      'a duration without a unit',
      changed('arecord } }', 'arecord }, window: 2 }'),
      /window: expected a duration such as 2s or 500ms, found 2/,
    ],
    [
      'labels that are not there',
      changed('arecord } }', 'arecord }, labels: [dors] }').concat(
        'labels: { doors: { labels: [{ id: a }, { id: b }] } }\n',
      ),
      /6:\d+ sources\.mic0\.labels\.0: .* → did you mean "doors"/,
    ],
    [
      'a label alone',
      `${SMALL}labels: { doors: { labels: [{ id: a }] } }\n`,
      /7:\d+ labels\.doors: .*tell a label from/,
    ],
    ['no source', changed('{ mic0: { device: { kind: arecord } } }', '{}'), /6:1 sources: expected/],
    [
      'a device of arecord that looks like an option',
      changed('arecord }', "arecord, device: '--help' }"),
      /device\.device: expected/,
    ],
  ] as const) {
    it(`is refused with the line for ${what}`, () => {
      const [problem, ...more] = problems(text);
      assert.match(problem ?? 'no problem', expected);
      assert.deepEqual(more, []);
    });
  }

  it('never has the password of an address in an error, however the address is wrong', () => {
    for (const url of ['mqtt://me:hunter2@localhost', 'mqtt://me:hunter2/@localhost', 'mqtt://me:hunter2 @localhost']) {
      const text = changed("'mqtt://localhost' }", `'${url}', caFile: ca.pem }`);
      assert.ok(problems(text).length > 0);
      assert.doesNotMatch(problems(text).join(), /hunter2/);
    }
  });

  it('is read from a file, which must be there', async (context) => {
    const folder = await temporaryFolder(context);
    const file = path.join(folder, 'config.yaml');
    await writeFile(file, SMALL);
    assert.equal((await readConfig(file, devices)).bundle, path.join(folder, 'b'));
    await assert.rejects(
      readConfig(path.join(folder, 'missing.yaml'), devices),
      refused('FILE_UNREADABLE', /missing\.yaml/),
    );
  });
});
