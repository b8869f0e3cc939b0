import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { readTrainingState, type TrainingState, writeTrainingState } from '../../../models/training/trainingState';
import { isSensebindError } from '../../../runtime/errors';
import { refused } from '../../support/refused';
import { temporaryFolder } from '../../support/temporaryFolder';

const STATE: TrainingState = {
  parameters: Float32Array.of(1, -2.5, 1e-30),
  optimiser: { step: 2, first: Float32Array.of(0, 0.1, 3), second: Float32Array.of(1e-12, 4, 5) },
  losses: [1.25, 0.1],
  seconds: 12.5,
};

const invalid = (message?: RegExp) => refused('TRAINING_STATE_INVALID', message);

test('a state comes back bit by bit, over one that was there', async (context) => {
  const folder = await temporaryFolder(context);
  const file = path.join(folder, 'state');
  assert.equal(await readTrainingState(file, 'mine'), undefined);
  await writeTrainingState(file, { ...STATE, losses: [], optimiser: { ...STATE.optimiser, step: 0 } }, 'mine');
  await writeTrainingState(file, STATE, 'mine');
  assert.deepEqual(await readTrainingState(file, 'mine'), STATE);
  assert.deepEqual(await readdir(folder), ['state']);
});

test('a state of another training is refused', async (context) => {
  const file = path.join(await temporaryFolder(context), 'state');
  await writeTrainingState(file, STATE, 'theirs');
  await assert.rejects(readTrainingState(file, 'mine'), invalid(/another recipe/));
});

test('a state that was cut, lengthened or contradicts itself is refused', async (context) => {
  const file = path.join(await temporaryFolder(context), 'state');
  await writeTrainingState(file, STATE, 'mine');
  const bytes = await readFile(file);
  for (let length = 0; length < bytes.length; length++) {
    await writeFile(file, bytes.subarray(0, length));
    await assert.rejects(readTrainingState(file, 'mine'), invalid(), `${length} bytes`);
  }
  await writeFile(file, Buffer.concat([bytes, Buffer.alloc(4)]));
  await assert.rejects(readTrainingState(file, 'mine'), invalid(/another length/));
  await writeTrainingState(file, { ...STATE, losses: [1] }, 'mine');
  await assert.rejects(readTrainingState(file, 'mine'), invalid(/1 losses of 2 steps/));
});

test('random bytes are refused, whatever they are', async (context) => {
  const file = path.join(await temporaryFolder(context), 'state');
  await writeTrainingState(file, STATE, 'mine');
  const whole = await readFile(file);
  const header = fc.json().map((text) => Buffer.from(`${text}\n`));
  const damaged = fc
    .tuple(fc.nat(whole.indexOf('\n')), fc.integer({ min: 1, max: 255 }))
    .map(([place, change]) => whole.map((byte, index) => (index === place ? byte ^ change : byte)));
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 400 }), header, damaged), async (bytes) => {
      await writeFile(file, bytes);
      try {
        await readTrainingState(file, 'mine');
      } catch (error) {
        assert.ok(isSensebindError(error, 'TRAINING_STATE_INVALID'), String(error));
      }
    }),
  );
});

test('what cannot be read or written is an error of ours', async (context) => {
  const folder = await temporaryFolder(context);
  await assert.rejects(readTrainingState(folder, 'mine'), refused('FILE_UNREADABLE'));
  await assert.rejects(writeTrainingState(path.join(folder, 'none', 'x'), STATE, 'mine'), refused('FILE_UNWRITABLE'));
});
