import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Entrance } from '../../../nodes/shared/entrance';
import { ManualClock } from '../../support/manualClock';

function entrance(): {
  readonly entrance: Entrance;
  readonly clock: ManualClock;
  readonly warnings: readonly string[];
  readonly start: { resolve(): void; reject(error: Error): void };
} {
  let start = { resolve: (): void => undefined, reject: (_error: Error): void => undefined };
  const started = new Promise<void>((resolve, reject) => {
    start = { resolve, reject };
  });
  const clock = new ManualClock();
  const warnings: string[] = [];
  return {
    entrance: new Entrance(started, { clock, warn: (text) => warnings.push(text) }),
    clock,
    warnings,
    start,
  };
}

describe('messages for a node that is not ready', () => {
  it('wait in their order, a hundred of them; how many are lost is said', async () => {
    const { entrance: entrance_, warnings, start } = entrance();
    const taken: number[] = [];
    const admitted = Array.from({ length: 130 }, (_, index) =>
      entrance_.admit(async () => {
        taken.push(index);
      }),
    );
    assert.equal(admitted.filter((work) => work === undefined).length, 30);
    start.resolve();
    await Promise.all(admitted);
    assert.deepEqual(taken, [...Array(100).keys()]);
    assert.deepEqual(warnings, ['30 messages came before this node was ready, and are lost']);
  });

  it('fail once in ten seconds where it never will be', async () => {
    const { entrance: entrance_, clock, start } = entrance();
    const waiting = entrance_.admit(async () => assert.fail('it never started'));
    const failure = new Error('no bundle');
    start.reject(failure);
    await assert.rejects(waiting!, failure);
    assert.equal(
      entrance_.admit(async () => assert.fail('it never started')),
      undefined,
    );
    clock.sleep(10_000);
    await assert.rejects(entrance_.admit(async () => undefined)!, failure);
  });
});
