import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Rule } from '../../../runtime/events/rule';
import { detecting, HOT, rule } from '../../support/detecting';
import { ManualClock } from '../../support/manualClock';

describe('a restart', () => {
  /** A process that saw something hot at 100 s of its own clock, and saved what it knew at 101 s. */
  function before() {
    const clock = new ManualClock();
    const world = detecting([rule()], clock);
    clock.sleep(100_000);
    world.measure(70, 100);
    clock.sleep(1000);
    return { ...world, memory: JSON.parse(JSON.stringify(world.detector.memory())) };
  }

  /** The process after it, whose clock began anew and was `downSeconds` later by the wall. */
  function after(downSeconds: number, rules: readonly Rule[] = [rule()]) {
    const clock = new ManualClock();
    clock.epochStartMicros += (101 + downSeconds) * 1e6;
    return detecting(rules, clock);
  }

  it('of a few seconds goes on with the event, and ends it with its own id', () => {
    const first = before();
    const second = after(5);
    second.detector.restore(first.memory);
    second.measure(70, 1);
    second.measure(20, 2);
    assert.deepEqual(
      second.events.map(({ phase, id, sequence }) => [phase, id, sequence]),
      [['end', first.events[0]?.id, 1]],
    );
    // 1 s before it was saved, 5 s away, 2 s after.
    assert.equal((second.events[0]?.endMicros ?? 0) - (first.events[0]?.startMicros ?? 0), 8e6);
  });

  it('of an hour ends it when nobody speaks of it any more', async () => {
    const first = before();
    const second = after(3600);
    second.detector.restore(first.memory);
    await second.clock.advance(100);
    assert.deepEqual(
      [second.events[0]?.phase, second.events[0]?.id, second.events[0]?.reason],
      ['end', first.events[0]?.id, 'no-data'],
    );
  });

  it('with a wall clock that went back counts the time away as nothing', () => {
    const first = before();
    const second = after(-86_400);
    second.detector.restore(first.memory);
    second.measure(20, 2);
    assert.equal((second.events[0]?.endMicros ?? 0) - (first.events[0]?.startMicros ?? 0), 3e6);
  });

  it('ends the events of rules that are gone or changed', () => {
    const first = before();
    for (const rules of [[], [rule({ when: { ...HOT, on: 80 } })], [rule({ id: 'r2' })]]) {
      const second = after(5, rules);
      second.detector.restore(first.memory);
      assert.deepEqual(
        second.events.map(({ phase, id, rule: name, reason }) => [phase, id, name, reason]),
        [['end', first.events[0]?.id, 'r1', 'rule-changed']],
      );
      assert.equal(second.detector.active, 0);
    }
  });
});
