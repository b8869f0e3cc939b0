import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type NodeStatus, StatusLine } from '../../../nodes/shared/statusLine';
import { ManualClock } from '../../support/manualClock';

function started(): { readonly clock: ManualClock; readonly line: StatusLine; readonly shown: string[] } {
  const clock = new ManualClock();
  const shown: string[] = [];
  return { clock, shown, line: new StatusLine(({ text }) => shown.push(text), clock) };
}

function status(text: string, fill: NodeStatus['fill'] = 'green'): NodeStatus {
  return { fill, shape: 'dot', text };
}

describe('the status below a node', () => {
  it('is shown at once, then twice a second at most, the newest', async () => {
    const { clock, line, shown } = started();
    for (let millis = 0; millis < 2000; millis += 10) {
      line.set(status(String(millis)));
      await clock.advance(10);
    }
    await clock.advance(1000);
    assert.deepEqual(shown, ['0', '490', '990', '1490', '1990']);
    assert.equal(clock.waiting, 0);
  });

  it('is not shown again where it is the same, but in another colour', async () => {
    const { clock, line, shown } = started();
    line.set(status('ready'));
    await clock.advance(1000);
    line.set(status('ready'));
    await clock.advance(1000);
    assert.deepEqual(shown, ['ready']);
    line.set(status('ready', 'red'));
    assert.deepEqual(shown, ['ready', 'ready']);
    // It came back before anybody saw the other one.
    line.set(status('loading'));
    line.set(status('ready', 'red'));
    await clock.advance(1000);
    assert.deepEqual(shown, ['ready', 'ready']);
  });

  it('is not touched any more when the node is closed', async () => {
    const { clock, line, shown } = started();
    line.set(status('ready'));
    line.set(status('late'));
    line.close();
    line.set(status('after'));
    await clock.advance(10_000);
    assert.deepEqual(shown, ['ready']);
    assert.equal(clock.waiting, 0);
  });
});
