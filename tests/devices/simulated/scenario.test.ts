import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseScenario } from '../../../devices/simulated/scenario';
import { SeededTimeline } from '../../../devices/simulated/timeline';
import { World } from '../../../devices/simulated/world';
import { isSensebindError } from '../../../runtime/errors';

const SCRIPT = `version: 1
seed: 7
room: kitchen
length: 60
events:
  - { at: 12, event: glass_break, for: 8 }
  - { at: 30, event: person_fallen, strength: 0.9, across: -0.5, away: 0 }
  - { at: 45, event: calm }
  - { at: 50, event: wheel_slip }
`;

/** The message of the error that a script is refused with. */
function problemsOf(text: string): string {
  try {
    parseScenario(text, 'script.yaml');
  } catch (error) {
    assert.ok(isSensebindError(error, 'CONFIG_INVALID'));
    return error.message;
  }
  return assert.fail('expected the script to be refused');
}

describe('a scenario', () => {
  it('says what happens when, how and where', () => {
    const { seed, room, mounting, timeline } = parseScenario(SCRIPT, 'script.yaml');
    assert.deepEqual([seed, room.id, mounting, timeline.lengthSeconds], [7, 'kitchen', 'robot', 60]);
    const times = timeline
      .between(0, 60)
      .map(({ event, startSeconds, endSeconds }) => [event.id, startSeconds, endSeconds]);
    assert.deepEqual(times, [
      ['glass_break', 12, 20],
      ['person_fallen', 30, 45],
      ['wheel_slip', 50, 60],
    ]);
    const [fallen] = timeline.between(30, 31);
    assert.deepEqual([fallen?.strength, fallen?.place], [0.9, { across: -0.5, away: 0 }]);
    assert.deepEqual(timeline.between(46, 49), []);
  });

  it('tells its changes once, in order', () => {
    const world = new World(parseScenario(SCRIPT, 'script.yaml'));
    const told = Array.from({ length: 610 }, (_, tenth) => world.changesBetween(tenth / 10, (tenth + 1) / 10)).flat();
    assert.deepEqual(
      told.map(({ kind, event, atSeconds }) => [kind, event, atSeconds]),
      [
        ['started', 'glass_break', 12],
        ['ended', 'glass_break', 20],
        ['started', 'person_fallen', 30],
        ['ended', 'person_fallen', 45],
        ['started', 'wheel_slip', 50],
        ['ended', 'wheel_slip', 60],
      ],
    );
  });

  it('is refused with file and line of every problem', () => {
    const unknown = problemsOf(SCRIPT.replace('kitchen', 'kitchn').replace('person_fallen', 'person_falen'));
    assert.match(unknown, /script\.yaml:3:\d+: expected a room of office, .*found "kitchn"/);
    assert.match(unknown, /script\.yaml:7:\d+: expected calm or one of .*found "person_falen"/);
    assert.match(
      problemsOf(SCRIPT.replace('at: 45', 'at: 99')),
      /script\.yaml:8:\d+: expected a time before the length/,
    );
    assert.match(problemsOf(SCRIPT.replace('strength: 0.9', 'strength: 9')), /script\.yaml:7:/);
    assert.match(problemsOf(SCRIPT.replace('length', 'lenght')), /script\.yaml:/);
    assert.match(problemsOf('events: [1, 2'), /script\.yaml:1:\d+: expected YAML/);
    assert.match(
      problemsOf(SCRIPT.replace('seed: 7', 'seed: 7\nmounting: building')),
      /script\.yaml:10:.*mounting: robot/,
    );
    assert.match(problemsOf(`#${'x'.repeat(2 ** 20)}`), /at most 1048576 bytes/);
    assert.match(problemsOf('version: &a 1\nlength: *a\nevents: []'), /script\.yaml: expected plain YAML/);
  });

  it('is a scenario or a typed error, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.nat(SCRIPT.length), (noise, at) => {
        try {
          parseScenario(SCRIPT.slice(0, at) + noise + SCRIPT.slice(at), 'script.yaml');
        } catch (error) {
          assert.ok(isSensebindError(error, 'CONFIG_INVALID'), String(error));
        }
      }),
    );
  });
});

describe('an endless timeline', () => {
  it('is the same however it is asked, and never stops', () => {
    const ids = (timeline: SeededTimeline, from: number, to: number): string[] =>
      timeline.between(from, to).map(({ event, startSeconds }) => `${event.id} ${startSeconds}`);
    const whole = ids(new SeededTimeline(3, { robot: true }), 0, 600);
    assert.ok(whole.length >= 40);
    const walked = new SeededTimeline(3, { robot: true });
    const parts = Array.from({ length: 600 }, (_, second) => ids(walked, second, second + 1)).flat();
    assert.deepEqual([...new Set(parts)], whole);
    assert.deepEqual(ids(walked, 0, 600), whole);
    assert.ok(new SeededTimeline(3, { robot: true }).between(1e6, 1e6 + 60).length > 0);
  });

  it('leaves what happens to robots to robots', () => {
    const happenings = new SeededTimeline(3, { robot: false }).between(0, 5000);
    assert.ok(happenings.every(({ event }) => event.mounting !== 'robot'));
  });
});
