import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Engine } from '../../../runtime/inference/engine';
import { refused } from '../../support/refused';
import { touchyBundle, touchyInput } from '../../support/touchyBundle';

/** 4 TB of float32. */
const TOO_MANY = 2 ** 40;

describe('a native call that fails', () => {
  it('leaves the engine usable, with the session and the worker that it had (reference/onnxruntime.md §6)', async () => {
    const touchy = await touchyBundle();
    const providers: string[] = [];
    const engine = await Engine.open(touchy.bundle, { onStatus: ({ reason }) => providers.push(reason) });
    try {
      const vectorOf = async (row: number) =>
        Array.from((await engine.encode('imu', touchyInput(8, row))).vector, Math.round);
      assert.deepEqual(await vectorOf(0), [1, 0]);
      const told = providers.length;
      for (let time = 0; time < 3; time++) {
        await assert.rejects(engine.encode('imu', touchyInput(TOO_MANY, 0)), refused('ENCODE_FAILED', /alloc/i));
        assert.deepEqual(await vectorOf(1), [0, 1]);
        await assert.rejects(engine.encode('imu', touchyInput(8, 5)), refused('ENCODE_FAILED', /out of data bounds/));
        await assert.rejects(engine.encode('imu', touchyInput(-1, 0)), refused('ENCODE_FAILED'));
        assert.deepEqual(await vectorOf(0), [1, 0]);
      }
      const { state, workers, modalities, frames } = engine.stats();
      assert.deepEqual([state, workers[0]?.restarts, workers[0]?.activity, frames.inUse], ['ready', 0, 'idle', 0]);
      assert.deepEqual([modalities['imu']!.encoded, modalities['imu']!.failed], [7, 9]);
      assert.equal(providers.length, told, 'the session is loaded once');
    } finally {
      await engine.close();
      await touchy.remove();
    }
  });
});
