import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Millis } from '../../runtime/clock';
import { decidersOf, type LabelReader, type LabelState, LabelStates } from '../../runtime/labelStates';
import { validators } from '../../runtime/mqtt/messages';
import type { Label } from '../../runtime/zeroshot/labelSet';
import { LabelSets } from '../../runtime/zeroshot/labelSets';
import { ManualClock } from '../support/manualClock';
import { embeddingOf } from '../support/vectors';

const MIC: LabelReader = { id: 'mic0', labels: ['pets'], hop: 1000 as Millis };
const CAM: LabelReader = { id: 'cam0', labels: ['pets'], hop: 1000 as Millis };
const ROOM: LabelReader = { id: 'room', labels: ['pets'], sources: ['mic0', 'cam0'], hop: 1000 as Millis };

/** States of labels of one set, told what readers say of them. */
async function states(labels: readonly Label[], readers: readonly LabelReader[] = [MIC]) {
  const clock = new ManualClock();
  const labelSets = new LabelSets({ embedText: async (text) => embeddingOf([text.length, 1, 0]) });
  const put = (revision: number, all: readonly Label[]) =>
    labelSets.put({ id: 'pets', revision, labels: [...all], background: ['silence'] });
  await put(1, labels);
  const told: LabelState[] = [];
  const subject = new LabelStates({
    node: 'box',
    readers: () => readers,
    labelSets: () => labelSets.current(),
    clock,
    onState: (state) => void told.push(state),
    onFailed: (error) => assert.fail(String(error)),
  });
  labelSets.onChanged(() => subject.labelsChanged());
  return {
    clock,
    put,
    subject,
    told,
    states: () => told.map(({ label, isOn }) => `${label} ${isOn ? 'ON' : 'OFF'}`),
    /** What a reader says now, of labels in their order. */
    say: (of: string, ...probabilities: readonly number[]) => {
      const compiled = labelSets.get('pets')?.compiled;
      assert.ok(compiled);
      const scored = compiled.labels.map(({ id, title, threshold }, index) => ({
        label: id,
        title,
        probability: probabilities[index] ?? 0,
        cosine: 0.1,
        margin: 0,
        ...(threshold === undefined ? {} : { threshold }),
      }));
      const seen = { monotonicMicros: clock.monotonicMicros(), epochMicros: clock.epochMicros() };
      const scores = {
        labelSet: compiled.name,
        space: 'test:1',
        labels: scored,
        background: 0,
        bestBackgroundCosine: null,
        scale: 1,
        calibration: null,
        meaningful: true,
      };
      subject.observe(of, scores, { at: seen, flags: [] });
    },
  };
}

describe('the states of labels', () => {
  it('go on at their threshold and off well below it, and are told when they change', async () => {
    const { say, states: all, told } = await states([{ id: 'dog', threshold: 0.5 }, { id: 'cat' }]);
    assert.deepEqual(all(), []);
    for (const p of [0.3, 0.49, 0.5, 0.41, 0.39, 0.41]) say('mic0', p);
    assert.deepEqual(all(), ['dog OFF', 'cat OFF', 'dog ON', 'dog OFF']);
    for (const { message } of told) assert.deepEqual(validators['label/1'].Errors(message), []);
    assert.deepEqual(
      told.map(({ message }) => [message.p, message.src, message.reason]),
      [
        [0.3, [], null],
        [0, [], null],
        [0.5, ['mic0'], null],
        [0.39, [], 'condition'],
      ],
    );
  });

  it('wait for as long as the label asks', async () => {
    const {
      say,
      states: all,
      clock,
    } = await states([{ id: 'dog', on_ms: 1000, off_ms: 2000, min_gap_ms: 5000 }, { id: 'cat' }]);
    const course: string[] = [];
    for (let second = 0; second < 14; second++) {
      // On from 1 to 4 s and from 6 s on.
      say('mic0', (second >= 1 && second <= 4) || second >= 6 ? 0.9 : 0.1);
      course.push(all().findLast((state) => state.startsWith('dog')) ?? '');
      await clock.advance(1000);
    }
    // Its gap at 5 s is too short for it to be off.
    assert.deepEqual(
      course.map((state) => (state === 'dog ON' ? 1 : 0)),
      [0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    );
  });

  it('end when nobody speaks of them any more', async () => {
    const { say, states: all, told, clock } = await states([{ id: 'dog' }, { id: 'cat' }]);
    say('mic0', 0.9);
    await clock.advance(30_000);
    assert.deepEqual(all(), ['dog ON', 'cat OFF', 'dog OFF']);
    assert.equal(told.at(-1)?.message.reason, 'no-data');
  });

  it('are decided by the group where there is one, else by whoever says so', async () => {
    assert.deepEqual(decidersOf('pets', [MIC, CAM, ROOM]), ['room']);
    assert.deepEqual(decidersOf('pets', [MIC, CAM, { ...ROOM, labels: ['others'] }]), ['mic0', 'cam0']);
    assert.deepEqual(decidersOf('pets', [MIC, CAM, { ...ROOM, sources: ['mic0'] }]), ['cam0', 'room']);
    const grouped = await states([{ id: 'dog' }, { id: 'cat' }], [MIC, CAM, ROOM]);
    grouped.say('mic0', 0.9);
    assert.deepEqual(grouped.states(), []);
    grouped.say('room', 0.9);
    assert.deepEqual(grouped.states(), ['dog ON', 'cat OFF']);
    const single = await states([{ id: 'dog' }, { id: 'cat' }], [MIC, CAM]);
    single.say('mic0', 0.9);
    single.say('cam0', 0.1);
    single.say('mic0', 0.1);
    assert.deepEqual(single.states(), ['dog ON', 'cat OFF', 'dog OFF']);
  });

  it('go on over a change of words; what is gone is told no more', async () => {
    const { say, states: all, put, told } = await states([{ id: 'dog' }, { id: 'cat' }]);
    say('mic0', 0.9, 0.9);
    await put(2, [{ id: 'dog', threshold: 0.95, title: 'Dog' }, { id: 'cow' }]);
    assert.deepEqual(all().slice(2), ['dog ON']);
    assert.deepEqual([told.at(-1)?.message.threshold, told.at(-1)?.message.title], [0.95, 'Dog']);
    say('mic0', 0.7);
    assert.deepEqual(all().slice(3), ['dog OFF', 'cow OFF']);
  });

  it('of a thousand labels are told fifty at a time', async () => {
    const labels = Array.from({ length: 1000 }, (_, index) => ({ id: `label_${index}` }));
    const { say, told } = await states(labels);
    for (let times = 1; times <= 22; times++) {
      say('mic0');
      assert.equal(told.length, Math.min(1000, 50 * times));
    }
  });
});
