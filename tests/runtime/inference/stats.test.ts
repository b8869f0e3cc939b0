import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ModalityCounter } from '../../../runtime/inference/stats';

describe('the figures of a modality', () => {
  it('are quantiles of the newest durations, by nearest rank', () => {
    const counter = new ModalityCounter();
    const add = (micros: number): void =>
      counter.encoded({ waitingMicros: micros, preprocessingMicros: 2 * micros, forwardMicros: 7 });
    assert.deepEqual(counter.snapshot(0).waiting, { p50Micros: 0, p95Micros: 0 });
    for (let micros = 100; micros >= 1; micros--) add(micros);
    const { waiting, preprocessing, forward, encoded, queued } = counter.snapshot(3);
    assert.deepEqual(waiting, { p50Micros: 50, p95Micros: 95 });
    assert.deepEqual(preprocessing, { p50Micros: 100, p95Micros: 190 });
    assert.deepEqual(forward, { p50Micros: 7, p95Micros: 7 });
    assert.deepEqual([encoded, queued], [100, 3]);
    for (let count = 0; count < 256; count++) add(9);
    assert.deepEqual(counter.snapshot(0).waiting, { p50Micros: 9, p95Micros: 9 });
  });

  it('count each rejection under what it means', () => {
    const counter = new ModalityCounter();
    const codes = [
      'REQUEST_SUPERSEDED',
      'REQUEST_LATE',
      'REQUEST_ABORTED',
      'QUEUE_FULL',
      'ENGINE_WORKER_EXITED',
      'ENGINE_DEGRADED',
      'ENGINE_CLOSED',
      'INPUT_INVALID',
    ] as const;
    for (const code of codes) counter.rejected(code);
    const { superseded, late, aborted, refused, lost, closed, failed, encoded } = counter.snapshot(0);
    assert.deepEqual([superseded, late, aborted, refused, lost, closed, failed, encoded], [1, 1, 1, 1, 2, 1, 1, 0]);
  });
});
