import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SourceFeed, statusOfFeed, statusOfFeeds } from '../../../nodes/shared/sourceFeed';
import { SensebindError } from '../../../runtime/errors';
import { ManualClock } from '../../support/manualClock';

function feed(source: string): { readonly feed: SourceFeed; readonly failures: unknown[] } {
  const failures: unknown[] = [];
  const made = new SourceFeed({
    key: source,
    source,
    modality: 'imu',
    clock: new ManualClock(),
    send: () => undefined,
    fail: (error) => failures.push(error),
    changed: () => undefined,
  });
  return { feed: made, failures };
}

function absent(attempt: number): SensebindError {
  return new SensebindError('DEVICE_ABSENT', `expected a sensor, found none in attempt ${attempt}`, 'plug it in');
}

describe('a source as a node shows it', () => {
  it('tells Catch nodes once of a device that is absent, however often it is looked for', () => {
    const { feed: sensor, failures } = feed('imu0');
    for (let attempt = 0; attempt < 100; attempt++) {
      const error = absent(attempt);
      sensor.status({ state: 'offline', reason: error.message, error });
    }
    assert.equal(failures.length, 1);
    sensor.status({ state: 'online' });
    const again = absent(0);
    sensor.status({ state: 'offline', reason: again.message, error: again });
    assert.equal(failures.length, 2);
  });

  it('says why it is not well, and what was lost', () => {
    const { feed: sensor } = feed('imu0');
    assert.equal(statusOfFeed(sensor).fill, 'yellow');
    sensor.status({ state: 'online' });
    sensor.lost('overrun', 2);
    sensor.lost('overrun', 1);
    assert.deepEqual(statusOfFeed(sensor), { fill: 'green', shape: 'dot', text: '0.0/s, 3 overrun' });
    sensor.status({ state: 'disabled', reason: 'muted' });
    assert.deepEqual(statusOfFeed(sensor), { fill: 'grey', shape: 'ring', text: 'muted' });
    sensor.ended();
    assert.equal(statusOfFeed(sensor).text, 'played to its end');
  });

  it('names the one of several that is not well', () => {
    const { feed: well } = feed('a');
    const { feed: unwell } = feed('b');
    well.status({ state: 'online' });
    const error = absent(1);
    unwell.status({ state: 'offline', reason: error.message, error });
    assert.match(statusOfFeeds([well, unwell]).text, /^1 of 2, b: offline: expected a sensor/);
    assert.equal(statusOfFeeds([well, unwell]).fill, 'red');
    unwell.status({ state: 'online' });
    assert.match(statusOfFeeds([well, unwell]).text, /^2 sources, 0\.0\/s$/);
    well.forget();
    unwell.forget();
  });
});
