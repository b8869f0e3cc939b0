import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CopyMaker } from '../../../../runtime/inference/deviceCache/copyMaker';
import { readMemory } from '../../../../runtime/inference/plan/memory';
import { Copies } from '../../../support/deviceCopies';
import { ManualClock } from '../../../support/manualClock';
import { temporaryFolder } from '../../../support/temporaryFolder';

it('a copy that is there, and that the worker still does not take, is made twice and not for ever', async (context) => {
  const copies = await Copies.in(await temporaryFolder(context));
  const { deviceCopy } = await copies.encode('imu');
  assert.ok(deviceCopy.state === 'absent');
  const clock = new ManualClock();
  const news: string[] = [];
  let told: () => void = () => undefined;
  const maker = new CopyMaker({
    clock,
    settings: copies.settings,
    runtimeModule: 'onnxruntime-node',
    readMemory,
    onMade: () => told(),
    onNews: (_, reason) => news.push(reason),
  });
  context.after(() => maker.close());
  for (let time = 0; time < 2; time++) {
    const made = new Promise<void>((resolve) => {
      told = resolve;
    });
    maker.want('imu', copies.setup('imu'), deviceCopy.key);
    // One that is wanted while another is being made waits for a minute.
    await clock.advance(60_000);
    await made;
  }
  assert.deepEqual(news, ['a copy is being made', 'a copy is being made']);
  maker.want('imu', copies.setup('imu'), deviceCopy.key);
  assert.equal(news.at(-1), 'no copy is made: 2 that were made could not be used');
  assert.equal(clock.waiting, 0);
});
