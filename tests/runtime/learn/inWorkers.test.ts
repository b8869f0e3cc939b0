import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isSensebindError } from '../../../runtime/errors';
import { inWorkers } from '../../../runtime/learn/workers/inWorkers';
import type { ItemResult } from '../../../runtime/learn/workers/itemWorker';
import type { SceneTask } from '../../../runtime/learn/workers/protocol';

function* tasks(count: number, room = 'office'): Generator<SceneTask, void> {
  for (let first = 0; first < count; first++) yield { first, scenes: [{ seed: first, room, events: [] }] };
}

const RADAR = { entry: 'itemWorker', workerData: { sensors: ['radar'] } } as const;

describe('work in threads', () => {
  it('hands out no task before a result is taken, but one a thread', async () => {
    let handedOut = 0;
    let taken = 0;
    let most = 0;
    const counted = function* (): Generator<SceneTask, void> {
      for (const task of tasks(12)) {
        handedOut++;
        most = Math.max(most, handedOut - taken);
        yield task;
      }
    };
    const seen: number[] = [];
    await inWorkers<ItemResult>(counted(), {
      ...RADAR,
      workers: 2,
      onResult: async ({ first, items }) => {
        await Promise.resolve();
        assert.equal(items[0]?.length, 128);
        seen.push(first);
        taken++;
      },
    });
    assert.deepEqual(
      seen.sort((a, b) => a - b),
      [...tasks(12)].map(({ first }) => first),
    );
    assert.equal(most, 2);
  });

  it('ends with the error of a thread', async () => {
    const onResult = async (): Promise<void> => {};
    await assert.rejects(inWorkers(tasks(3, 'nowhere'), { ...RADAR, workers: 2, onResult }), (error) =>
      isSensebindError(error, 'SCENES_INVALID'),
    );
  });

  it('ends with the error of who takes the results', async () => {
    const onResult = (): Promise<void> => Promise.reject(new RangeError('full'));
    await assert.rejects(inWorkers(tasks(3), { ...RADAR, workers: 2, onResult }), RangeError);
  });

  it('does not begin when it was stopped before', async () => {
    const onResult = async (): Promise<void> => assert.fail('a result');
    await assert.rejects(inWorkers(tasks(3), { ...RADAR, signal: AbortSignal.abort(), onResult }), (error) =>
      isSensebindError(error, 'REQUEST_ABORTED'),
    );
  });
});
