import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RequestStates } from '../../../runtime/inference/requestStates';

function bothSides(): { readonly main: RequestStates; readonly worker: RequestStates } {
  const main = new RequestStates();
  return { main, worker: new RequestStates(main.buffer) };
}

describe('the states of the requests that a worker has', () => {
  it('let a request be taken back until it is begun, and not later', () => {
    const { main, worker } = bothSides();
    main.put(0);
    main.put(1);
    assert.equal(main.isBegun(0), false);
    assert.equal(worker.begin(0), true);
    assert.equal(main.isBegun(0), true);
    assert.equal(main.takeBack(0), false);
    assert.equal(main.takeBack(1), true);
    assert.equal(worker.begin(1), false);
    assert.equal(main.isBegun(1), false);
  });

  it('say when nobody wants the answer any more to the one that was begun', () => {
    const { main, worker } = bothSides();
    main.put(0);
    main.giveUp(0);
    assert.equal(worker.begin(0), true, 'one that was not begun is taken back, not given up');
    assert.equal(worker.isGivenUp, false);
    main.giveUp(0);
    assert.equal(worker.isGivenUp, true);
    assert.equal(main.isBegun(0), true);
    main.put(1);
    assert.equal(worker.begin(1), true);
    assert.equal(worker.isGivenUp, false);
    main.put(0);
    assert.equal(worker.begin(0), true);
    assert.equal(worker.isGivenUp, false);
  });
});
