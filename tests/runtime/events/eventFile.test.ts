import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { Millis } from '../../../runtime/clock';
import { EventKeeper } from '../../../runtime/eventKeeper';
import { Detector, type DetectorMemory } from '../../../runtime/events/detector';
import { EventFile } from '../../../runtime/events/eventFile';
import { ManualClock } from '../../support/manualClock';
import { refused } from '../../support/refused';
import { temporaryFolder } from '../../support/temporaryFolder';

/** What a detector remembers while an event goes on. */
function memory(): DetectorMemory {
  const detector = new Detector({
    node: 'box',
    rules: [
      {
        id: 'hot',
        when: { kind: 'measure', of: 'heat0', measure: 'maximum_celsius', direction: 'above', on: 60, off: 60 },
        minimumOn: 0 as Millis,
        minimumOff: 0 as Millis,
        coolDown: 0 as Millis,
        updateEvery: 1000 as Millis,
        forgetAfter: 1000 as Millis,
        severity: 'alarm',
      },
    ],
    clock: new ManualClock(),
    onEvent: () => undefined,
  });
  const at = { monotonicMicros: 1, epochMicros: 1_700_000_000_000_001 };
  detector.observeMeasure('heat0', { measure: 'maximum_celsius', value: 70, at, flags: [] });
  assert.equal(detector.active, 1);
  return detector.memory();
}

describe('the file of events that go on', () => {
  it('gives back what was saved, and nothing where nothing was', async (context) => {
    const file = path.join(await temporaryFolder(context), 'nodes', 'box', 'events.json');
    assert.equal(await new EventFile(file).load(), undefined);
    await new EventFile(file).save(memory());
    assert.deepEqual(await new EventFile(file).load(), memory());
    assert.deepEqual(await readdir(path.dirname(file)), ['events.json']);
  });

  it('is set aside, never deleted, when it is cut off or of another version', async (context) => {
    const folder = await temporaryFolder(context);
    const file = path.join(folder, 'events.json');
    await new EventFile(file).save(memory());
    const whole = await readFile(file, 'utf8');
    const texts = [whole.slice(0, 50), '', whole.replace('events/1', 'events/2'), '{"__proto__":{}}'];
    const told: string[] = [];
    for (const text of texts) {
      await writeFile(file, text);
      assert.equal(await new EventFile(file, (moved) => told.push(moved)).load(), undefined);
    }
    // One does not take the place of another.
    assert.deepEqual(
      told,
      ['', '.1', '.2', '.3'].map((copy) => `${file}.unreadable${copy}`),
    );
    assert.deepEqual(await Promise.all(told.map((moved) => readFile(moved, 'utf8'))), texts);
    assert.equal((await readdir(folder)).length, texts.length);
  });

  it('says why it cannot be read or written', async (context) => {
    const folder = await temporaryFolder(context);
    await assert.rejects(new EventFile(folder).load(), refused('FILE_UNREADABLE'));
    const file = path.join(folder, 'file');
    await writeFile(file, '');
    await assert.rejects(new EventFile(path.join(file, 'events.json')).save(memory()), refused('FILE_UNWRITABLE'));
  });
});

describe('keeping events', () => {
  it('saves all of one step at once, and what happens meanwhile afterwards', async () => {
    const saved: number[] = [];
    let value = 0;
    let finish = (): void => undefined;
    const keeper = new EventKeeper(
      {
        load: async () => undefined,
        save: ({ at }) => {
          saved.push(at.epochMicros);
          return new Promise((resolve) => {
            finish = resolve;
          });
        },
      },
      {
        memory: () => ({ at: { monotonicMicros: 0, epochMicros: value }, rules: [] }),
        onFailed: (error) => assert.fail(error),
      },
    );
    for (value = 1; value < 3; value++) keeper.touch();
    await Promise.resolve();
    await Promise.resolve();
    assert.deepEqual(saved, [3]);
    value = 4;
    keeper.touch();
    keeper.touch();
    finish();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(saved, [3, 4]);
    finish();
    await keeper.settled();
    assert.deepEqual(saved, [3, 4]);
  });

  it('tells of a save that failed, and saves again', async () => {
    const failures: string[] = [];
    let attempts = 0;
    const keeper = new EventKeeper(
      {
        load: async () => undefined,
        save: async () => {
          attempts++;
          if (attempts === 1) throw new Error('disk full');
        },
      },
      {
        memory: () => ({ at: { monotonicMicros: 0, epochMicros: 0 }, rules: [] }),
        onFailed: ({ message }) => failures.push(message),
      },
    );
    keeper.touch();
    await keeper.settled();
    keeper.touch();
    await keeper.settled();
    assert.equal(attempts, 2);
    assert.match(failures.join(), /disk full/);
  });
});
