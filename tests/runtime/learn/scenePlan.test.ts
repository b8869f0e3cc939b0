import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isHeldOut } from '../../../devices/simulated/compositions';
import { eventOf, events } from '../../../devices/simulated/events/catalogue';
import { rooms } from '../../../devices/simulated/rooms';
import { type PlannedScene, planScenes, sceneOf } from '../../../runtime/learn/scenePlan';
import { firstSceneSeed, nameOf, type SceneSetSpec } from '../../../runtime/learn/sceneSetSpec';

const COUNT = 2000;

const CAPTIONED: SceneSetSpec = { set: 'captioned', count: COUNT, seed: 0 };
const BOUND: SceneSetSpec = { set: 'bound', count: COUNT, seed: 0 };
const CONTROL: SceneSetSpec = { set: 'control', count: COUNT, seed: 0 };

function test(pairs: 'new' | 'held' | 'two', seed = 0): SceneSetSpec {
  return { set: 'test', pairs, count: COUNT, seed };
}

const planned = (spec: SceneSetSpec): readonly PlannedScene[] => [...planScenes(spec)];

function heldOutPairs(scenes: readonly PlannedScene[]): number {
  return scenes.flatMap(({ room, events: ids }) =>
    ids.filter((id) => isHeldOut(events.find((event) => event.id === id)!, rooms.find((kind) => kind.id === room)!)),
  ).length;
}

function timesEach(scenes: readonly PlannedScene[]): readonly number[] {
  const single = scenes.filter(({ events: ids }) => ids.length === 1);
  return events.map(({ id }) => single.filter(({ events: [only] }) => only === id).length);
}

describe('seeds of scenes', () => {
  it('are disjoint between sets, and between seeds of one set', () => {
    const seed = fc.integer({ min: 0, max: 2 ** 20 - 1 });
    const count = fc.integer({ min: 1, max: 2 ** 26 });
    const spec: fc.Arbitrary<SceneSetSpec> = fc.oneof(
      fc.record({ set: fc.constantFrom('captioned', 'bound', 'control'), count, seed }),
      fc.record({ set: fc.constant('test'), pairs: fc.constantFrom('new', 'held', 'two'), count, seed }),
    );
    fc.assert(
      fc.property(spec, spec, (one, other) => {
        const [from, to] = [one, other].map((set) => ({
          first: firstSceneSeed(set),
          end: firstSceneSeed(set) + set.count,
        }));
        assert.ok(Number.isSafeInteger(from!.end));
        const sameRange = nameOf({ ...one, count: 1 }) === nameOf({ ...other, count: 1 });
        if (!sameRange) assert.ok(from!.end <= to!.first || to!.end <= from!.first);
      }),
      { numRuns: 1000 },
    );
  });

  it('follow one by one', () => {
    const seeds = planned(BOUND).map(({ seed }) => seed);
    assert.deepEqual(
      seeds,
      seeds.map((_, index) => firstSceneSeed(BOUND) + index),
    );
  });

  it('give other scenes for another seed', () => {
    assert.notDeepEqual(
      planned(test('new', 1)).map(({ room }) => room),
      planned(test('new', 2)).map(({ room }) => room),
    );
  });
});

describe('pairs of event and room', () => {
  for (const spec of [CAPTIONED, BOUND, CONTROL, test('new'), test('two')]) {
    it(`held out are never in ${nameOf(spec)}`, () => assert.equal(heldOutPairs(planned(spec)), 0));
  }

  it('are all held out in the set to judge them, of every event', () => {
    const scenes = planned(test('held'));
    assert.equal(heldOutPairs(scenes), COUNT);
    assert.ok(scenes.every(({ events: ids }) => ids.length === 1));
    assert.ok(timesEach(scenes).every((times) => times > 0));
  });
});

describe('events of a set', () => {
  for (const spec of [CAPTIONED, BOUND, CONTROL, test('new'), test('held')]) {
    it(`come equally often in ${nameOf(spec)}, in an order by chance`, () => {
      const scenes = planned(spec);
      const times = timesEach(scenes);
      assert.ok(Math.max(...times) - Math.min(...times) <= 1, times.join());
      const [first, second] = [0, 24].map((at) => scenes.slice(at, at + 24).map(({ events: ids }) => ids.join()));
      assert.notDeepEqual(first, second);
    });
  }

  it('come in each of their rooms equally often', () => {
    const scenes = planned(CONTROL).filter(({ events: ids }) => ids.join() === 'fire');
    const times = rooms.map(({ id }) => scenes.filter(({ room }) => room === id).length).filter((count) => count > 0);
    assert.equal(times.length, rooms.length - 1);
    assert.ok(Math.max(...times) - Math.min(...times) <= 1, times.join());
  });

  it('come in twos and not at all in a known share of the scenes to learn from', () => {
    for (const spec of [CAPTIONED, BOUND, CONTROL]) {
      const having = (count: number) => planned(spec).filter(({ events: ids }) => ids.length === count).length / COUNT;
      assert.deepEqual([having(0), having(1), having(2)], [0.03, 0.82, 0.15]);
    }
  });

  it('are always two different ones in the set for arithmetic', () => {
    for (const { events: ids } of planned(test('two'))) assert.equal(new Set(ids).size, 2);
  });

  it('lack the one that is left out', () => {
    const scenes = planned({ set: 'bound', count: COUNT, seed: 0, without: 'fire' });
    const seen = new Set(scenes.flatMap(({ events: ids }) => ids));
    assert.deepEqual(
      events.filter(({ id }) => !seen.has(id)).map(({ id }) => id),
      ['fire'],
    );
  });
});

describe('a planned scene', () => {
  it('is drawn with its room and events', () => {
    for (const plan of planned(test('two')).slice(0, 20)) {
      const scene = sceneOf(plan);
      assert.equal(scene.seed, plan.seed);
      assert.equal(scene.room.id, plan.room);
      assert.deepEqual(
        scene.happenings.map(({ event }) => event),
        plan.events.map(eventOf),
      );
    }
  });
});
