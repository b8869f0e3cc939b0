import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Millis } from '../../../runtime/clock';
import { Episode, type Turn } from '../../../runtime/events/episode';
import { definitionOf } from '../../../runtime/events/ruleRun';

interface Timing {
  readonly minimumOn: Millis;
  readonly minimumOff: Millis;
  readonly coolDown: Millis;
  readonly updateEvery: Millis;
}

const seconds = (on: number, off: number, rest: number, update = 1e6): Timing => ({
  minimumOn: (1000 * on) as Millis,
  minimumOff: (1000 * off) as Millis,
  coolDown: (1000 * rest) as Millis,
  updateEvery: (1000 * update) as Millis,
});

const at = (second: number) => ({ monotonicMicros: second * 1e6, epochMicros: second * 1e6 });
const LETTER: Readonly<Record<Turn, string>> = { start: 'S', update: 'u', end: 'E' };

/** What comes of a condition that is looked at once a second: `1` holds, `0` does not. */
function play(timing: Timing, condition: string): string {
  const episode = new Episode(timing);
  return [...condition]
    .map((bit, second) => episode.step(bit === '1', at(second)))
    .map((turn) => (turn === undefined ? '.' : LETTER[turn]))
    .join('');
}

describe('an episode', () => {
  /** Worked by hand, one character a second. */
  const TABLE: readonly (readonly [name: string, timing: Timing, condition: string, turns: string])[] = [
    ['starts and ends at once without minimum times', seconds(0, 0, 0), '0110100', '.S.ESE.'],
    ['starts when the condition has held long enough', seconds(2, 0, 0), '011110', '...S.E'],
    ['counts anew when the condition was away', seconds(2, 0, 0), '0110111', '......S'],
    ['goes on over a break that is too short', seconds(0, 2, 0), '101000', 'S....E'],
    ['does not start again while it rests', seconds(0, 0, 3), '101111', 'SE..S.'],
    ['rests after the end was known, not after it was', seconds(0, 1, 2), '1001111', 'S.E.S..'],
    ['must hold long enough also after the rest', seconds(2, 0, 2), '11101111', '..SE..S.'],
    ['tells how it goes on, now and then', seconds(0, 0, 0, 2), '1111101', 'S.u.uES'],
    ['tells nothing while the condition is away', seconds(0, 3, 0, 1), '1100011', 'Su...uu'],
    ['never starts of nothing', seconds(0, 0, 0), '0000', '....'],
  ];
  for (const [name, timing, condition, turns] of TABLE) {
    it(name, () => assert.equal(play(timing, condition), turns));
  }

  it('begins when the condition came true, not when that was believed', () => {
    const episode = new Episode(seconds(2, 0, 0));
    for (const second of [5, 6, 7]) episode.step(true, at(second));
    assert.deepEqual(episode.state, {
      kind: 'active',
      start: at(5),
      offSinceMicros: null,
      updatedMicros: 7e6,
    });
  });

  const timings = fc
    .tuple(fc.nat(5), fc.nat(5), fc.nat(8), fc.integer({ min: 1, max: 9 }))
    .map(([on, off, rest, update]) => seconds(on, off, rest, update));
  const observations = fc.array(fc.record({ isOn: fc.boolean(), after: fc.nat(4) }), { maxLength: 80 });

  it('keeps its minimum times, and never starts twice without an end', () => {
    fc.assert(
      fc.property(timings, observations, (timing, list) => {
        const episode = new Episode(timing);
        const history: { readonly second: number; readonly isOn: boolean }[] = [];
        let second = 0;
        let endedAt = Number.NEGATIVE_INFINITY;
        let isActive = false;
        /** When the condition became what it is now. */
        const heldSince = (): number => {
          const last = history.findLastIndex(({ isOn }) => isOn !== history.at(-1)?.isOn);
          return history[last + 1]?.second ?? second;
        };
        for (const { isOn, after } of list) {
          second += after + 1;
          history.push({ second, isOn });
          const turn = episode.step(isOn, at(second));
          if (turn === 'start') {
            assert.ok(!isActive && isOn);
            isActive = true;
            assert.ok(second - endedAt >= timing.coolDown / 1000);
            const since = heldSince();
            assert.ok(second - since >= timing.minimumOn / 1000, `held for ${second - since} s`);
          } else if (turn === 'end') {
            assert.ok(isActive && !isOn);
            isActive = false;
            endedAt = second;
            assert.ok(second - heldSince() >= timing.minimumOff / 1000);
          } else if (turn === 'update') assert.ok(isActive && isOn);
          // Nothing is missed either.
          if (isOn && !isActive) {
            const since = heldSince();
            assert.ok(second - since < timing.minimumOn / 1000 || second - endedAt < timing.coolDown / 1000);
          }
          if (!isOn && isActive) {
            assert.ok(second - heldSince() < timing.minimumOff / 1000);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is the same in one go and with what it remembers handed on', () => {
    fc.assert(
      fc.property(timings, observations, fc.nat(80), (timing, list, cut) => {
        const whole = new Episode(timing);
        let parts = new Episode(timing);
        let second = 0;
        for (const [index, { isOn, after }] of list.entries()) {
          second += after;
          if (index === cut) {
            const { state } = parts;
            parts = new Episode(timing);
            parts.restore(JSON.parse(JSON.stringify(state)));
          }
          assert.equal(parts.step(isOn, at(second)), whole.step(isOn, at(second)));
        }
        assert.deepEqual(parts.state, whole.state);
      }),
    );
  });
});

describe('the definition of a rule', () => {
  it('changes with its conditions and minimum times, and with nothing else', () => {
    const rule = {
      ...seconds(1, 2, 3),
      id: 'hot',
      when: { kind: 'measure', of: 'thermal0', measure: 'maximum_celsius', direction: 'above', on: 60, off: 55 },
      forgetAfter: 1000 as Millis,
      severity: 'alarm',
    } as const;
    const definition = definitionOf(rule);
    assert.equal(definitionOf({ ...rule, severity: 'info', coolDown: 0 as Millis }), definition);
    assert.notEqual(definitionOf({ ...rule, when: { ...rule.when, on: 61 } }), definition);
    assert.notEqual(definitionOf({ ...rule, minimumOff: 0 as Millis }), definition);
  });
});
