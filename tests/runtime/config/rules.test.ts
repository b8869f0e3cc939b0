import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { Compile } from '#typebox/compile';
import { deviceDeclarations as devices } from '../../../devices/catalogue';
import { parseConfig } from '../../../runtime/config/readConfig';
import { configJsonSchema } from '../../../runtime/config/schema';
import { isSensebindError } from '../../../runtime/errors';

const HEAD = `
version: 1
node: box
bundle: b
broker: { url: 'mqtt://localhost' }
sources:
  mic0: { device: { kind: arecord }, hop: 5s, labels: [house, street] }
  heat0: { device: { kind: simulated-thermal } }
labels:
  house: { labels: [{ id: glass }, { id: dog }], background: [silence] }
  street: { labels: [{ id: car }, { id: dog }], background: [silence] }
`;

const FULL = `${HEAD}
fusion:
  room: { sources: { mic0: 2, heat0: 0.5 }, method: scores, hop: 2s, tolerance: 1s, labels: [house], scale: 7 }
rules:
  fire:
    when:
      all:
        - { measure: maximum_celsius, of: heat0, above: 60, until: 55 }
        - any: [{ label: glass, of: mic0, on: 0.8 }, { label: dog, of: room }]
    minimumOn: 500ms
    minimumOff: 3s
    coolDown: 1min
    updateEvery: 5s
    forgetAfter: 20s
    severity: alarm
  bark: { when: { label: dog, of: mic0, set: street } }
`;

const read = (text: string) => parseConfig(text, { file: '/etc/config.yaml', devices });

/** What is reported of rules or groups that are put after the head. */
function problem(rest: string): string {
  try {
    read(`${HEAD}${rest}\n`);
  } catch (error) {
    assert.ok(isSensebindError(error, 'CONFIG_INVALID'), String(error));
    return error.message;
  }
  return 'no problem';
}

describe('groups and rules of a configuration', () => {
  it('are read with all defaults filled in', () => {
    const { fusion, rules } = read(FULL);
    assert.deepEqual(fusion, [
      {
        id: 'room',
        sources: { mic0: 2, heat0: 0.5 },
        method: 'scores',
        hop: 2000,
        tolerance: 1000,
        wait: 500,
        halfLife: 2000,
        forgetAfter: 10_000,
        labels: ['house'],
        scale: 7,
      },
    ]);
    assert.deepEqual(rules, [
      {
        id: 'fire',
        when: {
          kind: 'all',
          conditions: [
            { kind: 'measure', of: 'heat0', measure: 'maximum_celsius', direction: 'above', on: 60, off: 55 },
            {
              kind: 'any',
              conditions: [
                { kind: 'label', of: 'mic0', label: 'glass', labelSet: 'house', on: 0.8 },
                { kind: 'label', of: 'room', label: 'dog', labelSet: 'house' },
              ],
            },
          ],
        },
        minimumOn: 500,
        minimumOff: 3000,
        coolDown: 60_000,
        updateEvery: 5000,
        forgetAfter: 20_000,
        severity: 'alarm',
      },
      {
        id: 'bark',
        when: { kind: 'label', of: 'mic0', label: 'dog', labelSet: 'street' },
        minimumOn: 0,
        minimumOff: 0,
        coolDown: 0,
        updateEvery: 10_000,
        // Three hops of its source.
        forgetAfter: 15_000,
        severity: 'info',
      },
    ]);
  });

  it('are in the JSON Schema for editors', () => {
    const schema = Compile(configJsonSchema(devices));
    assert.ok(schema.Check(parse(FULL)));
    assert.ok(!schema.Check(parse(`${HEAD}\nrules: { a: { when: { lable: dog } } }`)));
  });

  const rule = (when: string): string => `rules: { r: { when: ${when} } }`;
  const TABLE: readonly (readonly [name: string, text: string, message: RegExp])[] = [
    [
      'no condition',
      rule('{ of: mic0 }'),
      /rules\.r\.when: expected exactly one of label, measure, all, any, found none/,
    ],
    ['two conditions', rule('{ label: dog, any: [{ label: dog }] }'), /found label and any/],
    [
      'what belongs elsewhere',
      rule('{ label: glass, of: mic0, above: 3 }'),
      /when\.above: expected nothing of the kind beside "label"/,
    ],
    ['a label of no set', rule('{ label: glas, of: mic0 }'), /when\.label: .*did you mean "glass"/],
    [
      'a label of several sets',
      rule('{ label: dog, of: mic0 }'),
      /expected one label set with "dog", found house, street → add "set"/,
    ],
    [
      'a set that the source does not have',
      rule('{ label: dog, of: mic0, set: hous }'),
      /when\.set: .*did you mean "house"/,
    ],
    ['labels of a source without any', rule('{ label: dog, of: heat0 }'), /there is none/],
    ['an unknown source', rule('{ label: dog, of: mic1 }'), /when\.of: .*did you mean "mic0"/],
    ['a label without a source', rule('{ label: dog }'), /when\.of: .*found "nothing"/],
    [
      'a measure of a group',
      `fusion: { room: { sources: { mic0: 1 } } }\n${rule('{ measure: acceleration_g, of: room, above: 2 }')}`,
      /expected the id of a source \(mic0, heat0\)/,
    ],
    ['an unknown measure', rule('{ measure: maximum_celsus, of: heat0, above: 2 }'), /did you mean "maximum_celsius"/],
    [
      'a measure without a limit',
      rule('{ measure: maximum_celsius, of: heat0 }'),
      /one of above and below, found none/,
    ],
    ['a measure with two limits', rule('{ measure: maximum_celsius, of: heat0, above: 1, below: 2 }'), /found both/],
    [
      'a limit the wrong way round',
      rule('{ measure: maximum_celsius, of: heat0, above: 60, until: 65 }'),
      /when\.until: expected at most "above" \(60\), found 65/,
    ],
    [
      'the other limit the wrong way round',
      rule('{ measure: maximum_celsius, of: heat0, below: 5, until: 4 }'),
      /expected at least "below" \(5\), found 4/,
    ],
    ['off above on', rule('{ label: glass, of: mic0, on: 0.5, off: 0.6 }'), /when\.off: expected at most "on"/],
    ['an error deep inside', rule('{ all: [{ any: [{ label: glass, of: mic9 }] }] }'), /when\.all\.0\.any\.0\.of/],
    ['a probability above one', rule('{ label: glass, of: mic0, on: 60 }'), /when\.on: expected <= 1, found 60/],
    [
      'a group with the name of a source',
      'fusion: { mic0: { sources: { heat0: 1 } } }',
      /fusion\.mic0: expected an id of its own/,
    ],
    [
      'a group of unknown sources',
      'fusion: { room: { sources: { mic1: 1 } } }',
      /fusion\.room\.sources\.mic1: .*"mic0"/,
    ],
    [
      'a group with an unknown label set',
      'fusion: { room: { sources: { mic0: 1 }, labels: [hous] } }',
      /fusion\.room\.labels\.0: .*"house"/,
    ],
    ['a weight of nothing', 'fusion: { room: { sources: { mic0: 0 } } }', /a weight above 0, found 0/],
    [
      'a tolerance above half a hop',
      'fusion: { room: { sources: { mic0: 1 }, tolerance: 600ms } }',
      /at most half a hop \(500ms\), found 600ms/,
    ],
    [
      'a memory shorter than a hop',
      'fusion: { room: { sources: { mic0: 1 }, hop: 10s } }',
      /more than a hop and the tolerance \(10250ms\), found 10000ms/,
    ],
    [
      'a hop of nearly nothing',
      'fusion: { room: { sources: { mic0: 1 }, hop: 10ms, tolerance: 1ms } }',
      /hop of at least 100ms, found 10ms/,
    ],
    [
      'a half-life of nothing',
      'fusion: { room: { sources: { mic0: 1 }, halfLife: 0s } }',
      /halfLife: expected more than nothing/,
    ],
  ];
  for (const [name, text, message] of TABLE) {
    it(`are refused with ${name}`, () => assert.match(problem(text), message));
  }

  it('are taken when a group and a source share what they may', () => {
    assert.equal(problem('fusion: { room: { sources: { mic0: 1 } } }'), 'no problem');
    assert.equal(problem(rule('{ label: dog, of: mic0, set: street, on: 0.5, off: 0.5 }')), 'no problem');
  });
});
