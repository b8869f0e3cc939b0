import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Truth } from '../../../../devices/simulated/truth';
import { Commentary } from '../../../../runtime/cli/demo/commentary';
import { eventMessage } from '../../../../runtime/mqtt/eventMessage';

const SECOND = 1_000_000;

describe('what the demonstration says of events', () => {
  function comment() {
    const lines: string[] = [];
    const commentary = new Commentary({
      startMicros: 0,
      labels: new Set(['fire', 'smoke']),
      agreement: () => ['cam0'],
      line: (text) => lines.push(text.replace(/ +/g, ' ').trim()),
    });
    const truth = (kind: Truth['kind'], event: string, second: number): void =>
      commentary.truth({
        ...{ kind, event, label: `a ${event}`, atSeconds: second, monotonicMicros: second * SECOND, strength: 1 },
        ...{ place: { across: 0, away: 0 }, sensors: ['vision'] },
      });
    const tell = (phase: 'new' | 'end', rule: string, second: number): void =>
      commentary.event(
        eventMessage(
          {
            ...{ id: rule, rule, phase, sequence: 0, severity: 'info', labelSet: 'world@1', flags: [], reason: null },
            ...{ startMicros: second * SECOND, endMicros: null, detectedMicros: second * SECOND },
            evidence: [{ of: 'room', what: { kind: 'label', label: rule }, isOn: true, value: 0.9, peak: 0.9 }],
          },
          { boot: 'boot' },
        ),
        second * SECOND,
      );
    return { lines, commentary, truth, tell };
  }

  it('says right of what happens, and of what has just been', () => {
    const { lines, commentary, truth, tell } = comment();
    truth('started', 'fire', 2);
    tell('new', 'fire', 4);
    truth('ended', 'fire', 9);
    commentary.tick(10 * SECOND);
    tell('end', 'fire', 11);
    assert.deepEqual(lines, ['0:04 new fire 90 % cam0 right: a fire', '0:11 end fire over']);
    assert.equal(commentary.summary(), 'found 1, missed 0, false alarms 0');
  });

  it('says wrong of what does not happen, and what does instead', () => {
    const { lines, commentary, truth, tell } = comment();
    tell('new', 'smoke', 1);
    truth('started', 'fire', 2);
    tell('new', 'smoke', 4);
    assert.deepEqual(
      lines.map((line) => line.split('cam0 ')[1]),
      ['wrong: nothing happens', 'wrong: a fire'],
    );
    assert.equal(commentary.summary(), 'found 0, missed 0, false alarms 2');
  });

  it('says what was missed, once, when it is too late to be found', () => {
    const { lines, commentary, truth } = comment();
    for (const event of ['fire', 'knocking']) {
      truth('started', event, 2);
      truth('ended', event, 8);
    }
    for (let second = 8; second < 100; second++) commentary.tick(second * SECOND);
    assert.deepEqual(lines, [
      '0:14 missed: a fire, 0:02 to 0:08',
      '0:14 not found, as it has no label: a knocking, 0:02 to 0:08',
    ]);
    assert.equal(commentary.summary(), 'found 0, missed 1, false alarms 0');
  });

  it('counts what begins while it is still reported as found', () => {
    const { commentary, truth, tell } = comment();
    truth('started', 'fire', 2);
    tell('new', 'fire', 4);
    truth('ended', 'fire', 9);
    truth('started', 'fire', 10);
    truth('ended', 'fire', 20);
    for (let second = 20; second < 40; second++) commentary.tick(second * SECOND);
    assert.equal(commentary.summary(), 'found 2, missed 0, false alarms 0');
  });
});
