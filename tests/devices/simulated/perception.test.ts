import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { drawHappening, drawScene } from '../../../devices/simulated/drawScene';
import { events, imperceptibleTo, perceivableTo } from '../../../devices/simulated/events/catalogue';
import { renderExample } from '../../../devices/simulated/example';
import { rooms } from '../../../devices/simulated/rooms';
import { withHappenings } from '../../../devices/simulated/scene';
import { SENSORS, type Sensor } from '../../../devices/simulated/sensor';
import { repositoryRoot } from '../../support/paths';
import { arraysOf } from './exampleBytes';

/** The part of an event that each sensor needs. */
const PART = {
  vision: 'draw',
  depth: 'draw',
  thermal: 'draw',
  audio: 'sound',
  imu: 'motion',
  radar: 'echoes',
} as const;

describe('the events of the simulated world', () => {
  it('are as many, and as often perceivable, as issue 4 asks', () => {
    const count = (sensor: Sensor): number => perceivableTo(sensor).length;
    assert.ok(events.length >= 24 && rooms.length >= 10);
    assert.ok(count('audio') >= 20 && count('thermal') >= 15 && count('depth') >= 12 && count('imu') >= 10);
    const heardOnly = events.filter(({ sensors }) => sensors.includes('audio') && !sensors.includes('vision'));
    assert.ok(heardOnly.length >= 2);
    for (const sensor of SENSORS) assert.ok(imperceptibleTo(sensor).length >= 2, sensor);
  });

  it('stand in docs/world/README.md as they are', async () => {
    const page = await readFile(path.join(repositoryRoot, 'docs', 'world', 'README.md'), 'utf8');
    for (const { id, sensors } of events) {
      const [, , ...cells] = (page.split('\n').find((line) => line.startsWith(`| \`${id}\``)) ?? '').split('|');
      assert.deepEqual(
        SENSORS.filter((_, column) => cells[column]?.trim() === '●'),
        SENSORS.filter((sensor) => sensors.includes(sensor)),
        id,
      );
    }
    for (const { name } of rooms) assert.ok(page.includes(name), name);
  });

  it('have an id, a label and phrases of their own', () => {
    assert.equal(new Set(events.map(({ id }) => id)).size, events.length);
    const phrases = events.flatMap((event) => event.phrases);
    assert.equal(new Set(phrases).size, phrases.length);
  });

  for (const event of events) {
    it(`${event.id}: is nothing to the sensors that cannot perceive it, and something to the others`, () => {
      for (const sensor of SENSORS) {
        const declared = event.sensors.includes(sensor);
        assert.ok(!declared || event[PART[sensor]] !== undefined, `${sensor} has a part`);
        for (let seed = 100; seed < 103; seed++) {
          const scene = drawScene(seed, { events: [event] });
          const without = withHappenings(scene, []);
          const [shown, nothing] = [arraysOf(sensor, scene), arraysOf(sensor, without)];
          if (declared) assert.notDeepEqual(shown, nothing, `${sensor} perceives it`);
          else assert.deepEqual(shown, nothing, `${sensor} does not`);
        }
      }
    });
  }

  it('leave a second event as it is when a sensor cannot perceive the first', () => {
    const [alarm, wheelSlip] = ['alarm', 'wheel_slip'].map((id) => events.find((event) => event.id === id)!);
    const scene = drawScene(5, { events: [wheelSlip!] });
    const both = withHappenings(scene, [drawHappening(99, alarm!), ...scene.happenings]);
    assert.deepEqual(arraysOf('imu', both), arraysOf('imu', scene));
    assert.notDeepEqual(arraysOf('audio', both), arraysOf('audio', scene));
  });
});

describe('what the sensors of a scene give', () => {
  it('has the sizes, units and ranges of real ones', () => {
    for (let seed = 0; seed < 12; seed++) {
      const { rgb, depthMetres, kelvin, sound, motion, radar } = renderExample(drawScene(seed));
      assert.deepEqual(
        [rgb.length, depthMetres.length, kelvin.length, sound.length, motion.length, motion[0].length, radar.length],
        [64 * 64 * 3, 64 * 64, 32 * 32, 32_000, 6, 1000, 128],
      );
      assert.ok(depthMetres.every((metres) => metres === 0 || (metres > 0.1 && metres <= 10)));
      const holes = depthMetres.filter((metres) => metres === 0).length;
      assert.ok(holes > 0 && holes < depthMetres.length / 2);
      assert.ok(kelvin.every((value) => value > 230 && value < 1100));
      assert.ok(sound.every((value) => value >= -1 && value <= 1) && sound.some((value) => value !== 0));
      const [x, y, z] = [motion[0], motion[1], motion[2]].map(
        (line) => line.slice(0, 200).reduce((a, b) => a + b) / 200,
      );
      assert.ok(Math.abs(Math.hypot(x!, y!, z!) - 9.81) < 0.5);
      assert.ok(radar.every((echo) => echo >= 0 && echo < 100));
    }
  });
});
