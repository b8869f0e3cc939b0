import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { engineOptionsOf } from '../../../nodes/shared/encoders';

describe('what a bundle node says of its engine', () => {
  it('is what was chosen, and nothing else', () => {
    assert.deepEqual(engineOptionsOf({}), {});
    assert.deepEqual(engineOptionsOf({ bundle: 'mini', checkMemory: true }), {});
    assert.deepEqual(
      engineOptionsOf({ workers: 2, threads: 1, providers: ['cpu'], runtime: '/ort', deviceCacheGigabytes: 0.5 }),
      {
        ...{ workers: 2, threadsPerWorker: 1, providers: ['cpu'], runtimeModule: '/ort' },
        deviceCache: { maxBytes: 5e8 },
      },
    );
  });

  it('switches the device cache and the look at memory off', () => {
    assert.deepEqual(engineOptionsOf({ deviceCacheGigabytes: 0, checkMemory: false }), {
      ...{ deviceCache: 'off', memory: 'unchecked' },
    });
  });
});
