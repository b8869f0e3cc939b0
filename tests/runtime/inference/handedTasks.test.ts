import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HandedTasks } from '../../../runtime/inference/handedTasks';
import { PATIENCE, Scheduler, type Ticket } from '../../../runtime/inference/scheduler';
import { Task } from '../../../runtime/inference/task';

const SHORT = 10_000;
const LONG = 100_000;

function task(rest: Partial<Ticket> = {}): Task {
  const ticket: Ticket = { modality: 'imu', priority: 'normal', ...rest };
  const request = { kind: 'encode', modality: ticket.modality, input: { kind: 'text', text: '' } } as const;
  return new Task(ticket, { request, releaseInput: () => {} });
}

/** A worker that has answered one task of a modality, which took so long. */
function used(micros: number, modality = 'imu'): HandedTasks {
  const handed = new HandedTasks();
  handed.put(task({ modality }), { nowMicros: 0, passedOver: 0 });
  handed.answered(micros);
  return handed;
}

describe('the tasks that a worker has', () => {
  it('are one, and a second only behind one of a modality that is known to be short', () => {
    for (const [handed, modality, hasRoom] of [
      [used(SHORT), 'imu', true],
      [used(LONG), 'imu', false],
      // A picture takes long, or has to be loaded first: that motion was short says nothing.
      [used(SHORT), 'vision', false],
    ] as const) {
      assert.equal(handed.hasRoomFor(task(), 0), true);
      handed.put(task({ modality }), { nowMicros: 0, passedOver: 0 });
      assert.equal(handed.hasRoomFor(task(), 0), hasRoom, modality);
      if (!hasRoom) continue;
      handed.put(task(), { nowMicros: 0, passedOver: 0 });
      assert.equal(handed.hasRoomFor(task(), 0), false);
      assert.equal(handed.waiting('imu'), 1);
    }
  });

  it('are not one that has to begin soon: its deadline is looked at again', () => {
    const handed = used(SHORT);
    handed.put(task(), { nowMicros: 0, passedOver: 0 });
    assert.equal(handed.hasRoomFor(task({ deadlineMicros: 900_000 }), 0), false);
    assert.equal(handed.hasRoomFor(task({ deadlineMicros: 1_100_000 }), 0), true);
  });

  it('begin when the one before is answered', () => {
    const handed = used(SHORT);
    const [first, second] = [task(), task()];
    handed.put(first, { nowMicros: 5, passedOver: 0 });
    handed.put(second, { nowMicros: 6, passedOver: 0 });
    assert.equal(handed.answered(9), first);
    assert.deepEqual([first.startedMicros, second.startedMicros], [5, 9]);
  });

  it('lets none be taken back for ever: as patience says, it is served', () => {
    const scheduler = new Scheduler<Task>(9);
    const low = task({ priority: 'low' });
    scheduler.submit(low);
    for (let turn = 0; turn <= PATIENCE; turn++) {
      const handed = used(SHORT);
      handed.put(task(), { nowMicros: 0, passedOver: 0 });
      const { ticket, passedOver } = scheduler.next(0);
      assert.equal(ticket, low);
      handed.put(low, { nowMicros: 0, passedOver });
      const taken = handed.takeBackLessUrgentThan(task({ priority: 'high' }));
      if (turn === PATIENCE) assert.deepEqual(taken, []);
      for (const one of taken) scheduler.putFirst(one.task, one.passedOver);
    }
  });
});
