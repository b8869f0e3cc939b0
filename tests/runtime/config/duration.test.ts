import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDuration } from '../../../runtime/config/duration';

describe('durations', () => {
  it('are written with a unit', () => {
    assert.deepEqual(['2s', '500ms', '1.5s', '10min', '1h', '2', 's', '-1s', '1 s', '1e3s', ''].map(parseDuration), [
      2000,
      500,
      1500,
      600_000,
      3_600_000,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
