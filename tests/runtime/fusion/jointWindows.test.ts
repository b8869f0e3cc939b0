import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Millis } from '../../../runtime/clock';
import { type JointOptions, type JointWindow, JointWindows } from '../../../runtime/fusion/jointWindows';
import { ManualClock } from '../../support/manualClock';

const SECOND = 1e6;

function joining(options: Partial<JointOptions> = {}) {
  const clock = new ManualClock();
  const seen: JointWindow<string>[] = [];
  const late: string[] = [];
  const windows = new JointWindows<string>(
    {
      sources: ['mic0', 'cam0'],
      hop: 1000 as Millis,
      tolerance: 250 as Millis,
      wait: 500 as Millis,
      halfLife: 1000 as Millis,
      forgetAfter: 4000 as Millis,
      clock,
      ...options,
    },
    { joint: (window) => seen.push(window), late: (source) => late.push(source) },
  );
  /** Something of a source that ends at a second, and is named after it. */
  const add = (source: string, second: number): void =>
    windows.add({ source, endMicros: Math.round(second * SECOND), value: `${source}@${second}` });
  /** `end: part, part [missing]`, a line each. */
  const lines = (): string[] =>
    seen.map(({ endMicros, parts, missing }) => {
      const values = parts.map(({ value, freshness }) => (freshness < 1 ? `${value}×${freshness}` : value));
      return `${endMicros / SECOND}: ${values.join(' ')}${missing.length > 0 ? ` [${missing.join(' ')}]` : ''}`;
    });
  return { clock, windows, add, lines, late };
}

describe('joint windows', () => {
  it('take what each source saw in the same interval, as soon as all have seen it', () => {
    const { add, lines, late } = joining();
    for (const second of [0, 1, 2]) {
      add('mic0', second);
      add('cam0', second + 0.1);
    }
    assert.deepEqual(lines(), ['0: mic0@0 cam0@0.1', '1: mic0@1 cam0@1.1', '2: mic0@2 cam0@2.1']);
    assert.deepEqual(late, []);
  });

  it('keep what ends later than the tolerance for the next one', () => {
    const { add, lines } = joining();
    add('mic0', 0);
    add('cam0', 0.3);
    add('mic0', 1);
    add('cam0', 1.3);
    add('mic0', 2);
    assert.deepEqual(lines(), ['0: mic0@0 [cam0]', '1: mic0@1 cam0@0.3', '2: mic0@2 cam0@1.3']);
  });

  it('wait for a late source no longer than they are told', async () => {
    const { clock, add, lines, late } = joining();
    add('mic0', 0);
    await clock.advance(499);
    assert.deepEqual(lines(), []);
    await clock.advance(1);
    assert.deepEqual(lines(), ['0: mic0@0 [cam0]']);
    await clock.advance(300);
    add('cam0', 0.1);
    assert.deepEqual(late, ['cam0']);
    await clock.advance(200);
    add('mic0', 1);
    await clock.advance(500);
    // Late for its own, and still the newest for the next.
    assert.deepEqual(lines(), ['0: mic0@0 [cam0]', '1: mic0@1 cam0@0.1']);
  });

  it('do not wait for a source that is away', () => {
    const { windows, add, lines } = joining();
    add('mic0', 0);
    windows.setAwaited('cam0', false);
    add('mic0', 1);
    assert.deepEqual(lines(), ['0: mic0@0 [cam0]', '1: mic0@1 [cam0]']);
    windows.setAwaited('cam0', true);
    add('mic0', 2);
    add('cam0', 2);
    assert.deepEqual(lines().at(-1), '2: mic0@2 cam0@2');
  });

  it('let what is old count less, then say that it is missing', () => {
    const { windows, add, lines } = joining();
    add('cam0', 0);
    add('mic0', 0);
    windows.setAwaited('cam0', false);
    for (const second of [1, 2, 3, 4]) add('mic0', second);
    const share = (age: number): number => 2 ** (1.25 - age);
    assert.deepEqual(lines(), [
      '0: mic0@0 cam0@0',
      '1: mic0@1 cam0@0',
      `2: mic0@2 cam0@0×${share(2)}`,
      `3: mic0@3 cam0@0×${share(3)}`,
      '4: mic0@4 [cam0]',
    ]);
  });

  it('say nothing while nothing is new, and make up for nothing after a pause', async () => {
    const { clock, add, lines } = joining();
    add('mic0', 0);
    await clock.advance(60_000);
    add('mic0', 60.2);
    await clock.advance(1000);
    add('mic0', 61.2);
    await clock.advance(1000);
    assert.deepEqual(lines(), ['0: mic0@0 [cam0]', '60: mic0@60.2 [cam0]', '61: mic0@61.2 [cam0]']);
    assert.equal(clock.waiting, 0);
  });

  it('pass over what is not newer, and those that do not belong', () => {
    const { add, lines, late } = joining();
    add('mic0', 1);
    add('mic0', 1);
    add('mic0', 0.5);
    add('stranger', 1);
    add('cam0', 1);
    assert.deepEqual([lines(), late], [['1: mic0@1 cam0@1'], ['mic0', 'mic0']]);
  });

  it('hand over what waits at the end', () => {
    const { clock, windows, add, lines } = joining();
    add('mic0', 0);
    add('mic0', 1);
    windows.finish();
    assert.deepEqual(lines(), ['0: mic0@0 [cam0]', '1: mic0@1 [cam0]']);
    assert.equal(clock.waiting, 0);
  });

  it('never hold more than is new, whatever the rates, and end whole hops apart', () => {
    const arrivals = fc.array(
      fc.record({
        source: fc.constantFrom('mic0', 'cam0'),
        afterMillis: fc.integer({ min: 0, max: 3000 }),
        lateMillis: fc.integer({ min: 0, max: 2000 }),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(arrivals, (list) => {
        const { clock, windows, add, lines } = joining();
        let nowMillis = 0;
        for (const { source, afterMillis, lateMillis } of list) {
          nowMillis += afterMillis;
          clock.sleep(afterMillis);
          add(source, (nowMillis - lateMillis) / 1000);
        }
        windows.finish();
        const ends = lines().map((line) => Number(line.split(':')[0]));
        for (const [index, end] of ends.entries()) {
          const before = ends[index - 1] ?? Number.NEGATIVE_INFINITY;
          assert.ok(end > before);
          if (index > 0) assert.ok(Math.abs(end - before - Math.round(end - before)) < 1e-9);
        }
      }),
      { numRuns: 200 },
    );
  });
});
