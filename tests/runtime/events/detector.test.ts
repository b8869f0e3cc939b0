import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Millis } from '../../../runtime/clock';
import { type DetectedEvent, eventId } from '../../../runtime/events/detectedEvent';
import type { MeasureCondition, Rule } from '../../../runtime/events/rule';
import { at, detecting, EPOCH, GLASS, HOT, rule, scores } from '../../support/detecting';

describe('rules', () => {
  it('have hysteresis: on at the upper limit, off below the lower, as before between', () => {
    const { measure, lines } = detecting([rule()]);
    for (const [second, celsius] of [20, 59, 60, 57, 55, 54.9, 58, 61].entries()) measure(celsius, second);
    assert.deepEqual(lines(), ['new 2', 'end 2-5', 'new 7']);
  });

  it('have it the other way round for what is near', () => {
    const when: MeasureCondition = { ...HOT, direction: 'below', on: 1, off: 1.2 };
    const { measure, events, lines } = detecting([rule({ when })]);
    for (const [second, metres] of [3, 1, 0.4, 1.1, 1.2, 1.3].entries()) measure(metres, second);
    assert.deepEqual(lines(), ['new 1', 'end 1-5']);
    assert.equal(events[1]?.evidence[0]?.peak, 0.4);
  });

  it("take a label's own threshold where they have none, and four fifths of it to go off", () => {
    const probabilities = [0.5, 0.6, 0.49, 0.47].entries();
    const { detector, lines } = detecting([rule({ when: GLASS })]);
    for (const [second, probability] of probabilities) {
      const labels = scores({ glass: probability }).labels.map((label) => ({ ...label, threshold: 0.6 }));
      detector.observeScores('mic0', scores({}, { labels }), { at: at(second), flags: [] });
    }
    assert.deepEqual(lines(), ['new 1', 'end 1-3']);
  });

  it('take one half without any threshold, and their own before all others', () => {
    const own = detecting([rule({ when: { ...GLASS, on: 0.9, off: 0.3 } })]);
    const none = detecting([rule({ when: GLASS })]);
    for (const [second, probability] of [0.49, 0.5, 0.9, 0.4, 0.39, 0.2].entries()) {
      own.hear(probability, second);
      none.hear(probability, second);
    }
    assert.deepEqual(own.lines(), ['new 2', 'end 2-5']);
    assert.deepEqual(none.lines(), ['new 1', 'end 1-4']);
  });

  it('believe nothing that means nothing', () => {
    const { hear, measure, lines, events } = detecting([rule({ when: { kind: 'any', conditions: [GLASS, HOT] } })]);
    hear(0.9, 0, { meaningful: false });
    measure(Number.NaN, 0);
    hear(0.9, 1);
    hear(0.9, 2, { meaningful: false });
    assert.deepEqual(lines(), ['new 1', 'end 1-2']);
    assert.equal(events[1]?.evidence[0]?.value, null);
  });

  it('join conditions with and and or', () => {
    const both = detecting([rule({ when: { kind: 'all', conditions: [GLASS, HOT] } })]);
    const either = detecting([rule({ when: { kind: 'any', conditions: [GLASS, HOT] } })]);
    for (const { hear, measure } of [both, either]) {
      hear(0.9, 1);
      measure(70, 2);
      hear(0.1, 3);
      measure(20, 4);
    }
    assert.deepEqual(both.lines(), ['new 2', 'end 2-3']);
    assert.deepEqual(either.lines(), ['new 1', 'end 1-4']);
  });

  it('join them over several levels', () => {
    const near: MeasureCondition = {
      ...HOT,
      of: 'depth0',
      measure: 'nearest_metres',
      direction: 'below',
      on: 1,
      off: 1,
    };
    const when = { kind: 'any', conditions: [{ kind: 'all', conditions: [GLASS, HOT] }, near] } as const;
    const { detector, hear, measure, lines } = detecting([rule({ when })]);
    const come = (metres: number, second: number): void =>
      detector.observeMeasure('depth0', { measure: 'nearest_metres', value: metres, at: at(second), flags: [] });
    hear(0.9, 1);
    come(0.5, 2);
    come(2, 3);
    measure(80, 4);
    assert.deepEqual(lines(), ['new 2', 'end 2-3', 'new 4']);
    assert.deepEqual(
      [detector.measuresOf('depth0'), detector.measuresOf('thermal0'), detector.measuresOf('mic0')],
      [['nearest_metres'], ['maximum_celsius'], []],
    );
  });

  it('say what was seen: the value of the moment, the most, the label set, flags, who', () => {
    const { hear, measure, events } = detecting([rule({ when: { kind: 'all', conditions: [GLASS, HOT] } })]);
    hear(0.7, 1);
    measure(80, 2);
    measure(95, 3);
    hear(0.2, 4);
    const [start, end] = events;
    assert.ok(start && end);
    assert.deepEqual(start, {
      id: eventId({ node: 'box', rule: 'r1', startMicros: EPOCH + 2e6 }),
      rule: 'r1',
      phase: 'new',
      sequence: 0,
      severity: 'alarm',
      startMicros: EPOCH + 2e6,
      endMicros: null,
      detectedMicros: EPOCH + 2e6,
      evidence: [
        { of: 'mic0', what: { kind: 'label', label: 'glass' }, isOn: true, value: 0.7, peak: 0.7 },
        {
          of: 'thermal0',
          what: { kind: 'measure', measure: 'maximum_celsius', unit: '°C' },
          isOn: true,
          value: 80,
          peak: 80,
        },
      ],
      labelSet: 'house@3',
      reason: null,
      flags: ['gap'],
    });
    assert.deepEqual([end.id, end.sequence, end.reason], [start.id, 1, 'condition']);
    assert.deepEqual(
      end.evidence.map(({ value, peak }) => [value, peak]),
      [
        [0.2, 0.7],
        [95, 95],
      ],
    );
  });

  it('know labels of another set of the same name apart, also after a swap that moves them', () => {
    const { detector, lines } = detecting([rule({ when: GLASS })]);
    detector.observeScores('mic0', scores({ glass: 0.9 }, { labelSet: 'house-2@3' }), { at: at(0), flags: [] });
    detector.observeScores('mic0', scores({ glass: 0.9, dog: 0 }), { at: at(1), flags: [] });
    detector.observeScores('mic0', scores({ dog: 0.9, glass: 0 }, { labelSet: 'house@4' }), { at: at(2), flags: [] });
    assert.deepEqual(lines(), ['new 1', 'end 1-2']);
  });
});

describe('what nobody speaks of any more', () => {
  it('is forgotten: the event ends, and says why', async () => {
    const { measure, lines, events, clock } = detecting([rule({ minimumOff: 2000 as Millis })]);
    measure(70, 0);
    await clock.advance(9999);
    assert.deepEqual(lines(), ['new 0']);
    // Forgotten after 10 s; then nobody says within 2 s and another 10 s that it is still so.
    await clock.advance(12_002);
    assert.deepEqual([lines(), events[1]?.reason], [['new 0', 'end 0-10'], 'no-data']);
    assert.equal(clock.waiting, 0);
  });

  it('is forgotten at the same instant without a timer', () => {
    const { measure, lines } = detecting([rule()]);
    measure(70, 0);
    measure(70, 100);
    assert.deepEqual(lines(), ['new 0', 'end 0-10', 'new 100']);
  });

  it('goes on when it is heard of again in time', async () => {
    const { measure, lines, clock } = detecting([rule()]);
    for (let second = 0; second < 60; second += 9) {
      measure(70, second);
      await clock.advance(9000);
    }
    assert.deepEqual(lines(), ['new 0']);
  });
});

describe('clocks that jump', () => {
  it('start no storm, make no duration negative, and give no id twice', () => {
    for (const jump of [3600, -3600, -86_400, -EPOCH / 1e6]) {
      const { measure, events } = detecting([rule({ minimumOn: 1000 as Millis, minimumOff: 1000 as Millis })]);
      for (let second = 0; second < 60; second++) measure(second % 20 < 10 ? 70 : 20, second, second >= 25 ? jump : 0);
      assert.deepEqual(
        events.map(({ phase }) => phase),
        ['new', 'end', 'new', 'end', 'new', 'end'],
      );
      assert.equal(new Set(events.map(({ id }) => id)).size, 3);
      for (const { startMicros, endMicros, detectedMicros } of events) {
        assert.ok(detectedMicros > startMicros);
        if (endMicros !== null) assert.equal(endMicros - startMicros, 10e6);
      }
    }
  });

  it('give an id of its own to an event that starts when another did', () => {
    const { measure, events } = detecting([rule()]);
    measure(70, 0);
    measure(20, 1);
    measure(70, 2, -2);
    assert.equal(events[0]?.startMicros, events[2]?.startMicros);
    assert.notEqual(events[0]?.id, events[2]?.id);
  });
});

const observation = fc.record({
  source: fc.constantFrom('mic0', 'thermal0'),
  isOn: fc.boolean(),
  afterMillis: fc.integer({ min: 0, max: 12_000 }),
});
const observations = fc.array(observation, { maxLength: 60 });
const rules = fc
  .record({
    when: fc.constantFrom<Rule['when']>(
      HOT,
      GLASS,
      { kind: 'all', conditions: [HOT, GLASS] },
      { kind: 'any', conditions: [HOT, GLASS] },
    ),
    minimumOn: fc.integer({ min: 0, max: 4000 }),
    minimumOff: fc.integer({ min: 0, max: 4000 }),
    coolDown: fc.integer({ min: 0, max: 8000 }),
    updateEvery: fc.integer({ min: 1, max: 5000 }),
  })
  .map((drawn) => rule(drawn as Partial<Rule>));

/** Observes a list, with `between` called before each. */
function observe(
  { measure, hear }: Pick<ReturnType<typeof detecting>, 'measure' | 'hear'>,
  list: readonly { readonly source: string; readonly isOn: boolean; readonly second: number }[],
): void {
  for (const { source, isOn, second } of list) {
    if (source === 'mic0') hear(isOn ? 0.9 : 0.1, second);
    else measure(isOn ? 70 : 20, second);
  }
}

/** Seconds in place of distances. */
function timed<T extends { readonly afterMillis: number }>(list: readonly T[]): (T & { readonly second: number })[] {
  let millis = 0;
  return list.map((one) => {
    millis += one.afterMillis;
    return { ...one, second: millis / 1000 };
  });
}

describe('events', () => {
  it('start, go on and end, each with one id and numbers that count up', () => {
    fc.assert(
      fc.property(rules, observations, (one, list) => {
        const world = detecting([one]);
        observe(world, timed(list));
        let open: DetectedEvent | undefined;
        const ids = new Set<string>();
        for (const event of world.events) {
          assert.equal(event.phase === 'new', open === undefined);
          if (open === undefined) assert.ok(!ids.has(event.id));
          else
            assert.deepEqual(
              [event.id, event.sequence, event.startMicros],
              [open.id, open.sequence + 1, open.startMicros],
            );
          ids.add(event.id);
          assert.equal(event.endMicros === null, event.phase !== 'end');
          if (event.endMicros !== null) {
            assert.ok(event.endMicros >= event.startMicros && event.endMicros <= event.detectedMicros);
          }
          open = event.phase === 'end' ? undefined : event;
        }
        assert.equal(world.detector.active, open === undefined ? 0 : 1);
      }),
      { numRuns: 300 },
    );
  });

  it('are the same each time, with a clock that goes on and with one that stands still', async () => {
    await fc.assert(
      fc.asyncProperty(rules, fc.array(observation, { maxLength: 20 }), async (one, list) => {
        const still = detecting([one]);
        observe(still, timed(list));
        const live = detecting([one]);
        for (const { afterMillis, ...next } of timed(list)) {
          await live.clock.advance(afterMillis);
          observe(live, [next]);
        }
        await live.clock.advance(60_000);
        await still.clock.advance(timed(list).reduce((sum, { afterMillis }) => sum + afterMillis, 60_000));
        assert.deepEqual(live.events, still.events);
      }),
      { numRuns: 20 },
    );
  });

  it('are the same when what was remembered is handed on in between', () => {
    fc.assert(
      fc.property(rules, observations, fc.nat(60), (one, list, cut) => {
        const timedList = timed(list);
        const whole = detecting([one]);
        observe(whole, timedList);
        const first = detecting([one]);
        observe(first, timedList.slice(0, cut));
        const memory = JSON.parse(JSON.stringify(first.detector.memory()));
        const second = detecting([one]);
        second.detector.restore(memory);
        observe(second, timedList.slice(cut));
        // What was seen last is not remembered, only what follows from it.
        const bare = (events: readonly DetectedEvent[]) =>
          events.map(({ evidence: _, flags: __, labelSet: ___, ...event }) => event);
        assert.deepEqual([...bare(first.events), ...bare(second.events)], bare(whole.events));
      }),
      { numRuns: 300 },
    );
  });
});
