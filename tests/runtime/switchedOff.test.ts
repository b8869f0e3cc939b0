import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { MutableSource } from '../../runtime/mutableSource';
import type { Driver } from '../../runtime/reading';
import { type SourceStatus, SupervisedSource } from '../../runtime/source';
import { SwitchedOff } from '../../runtime/switchedOff';
import { ManualClock } from '../support/manualClock';
import { refused } from '../support/refused';
import { temporaryFolder } from '../support/temporaryFolder';

async function folder(context: TestContext): Promise<string> {
  return path.join(await temporaryFolder(context), 'nodes', 'box', 'muted');
}

/** A source of sound that can be muted, and how often its device is open now. */
async function source(mutes: SwitchedOff) {
  const clock = new ManualClock();
  let opened = 0;
  const driver: Driver = {
    modality: 'audio',
    run: async (sink, signal) => {
      opened++;
      sink.reading({
        source: 'mic0',
        modality: 'audio',
        timeMicros: 0,
        monotonicMicros: 0,
        clockQuality: 'device',
        flags: [],
        sampleRateHz: 8000,
        channels: [new Float32Array(1)],
      });
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      opened--;
    },
  };
  const mutable = new MutableSource('mic0', 'audio', {
    create: () => new SupervisedSource('mic0', driver, { clock }),
    mutes,
  });
  const statuses: string[] = [];
  let wake = (): void => {};
  const status = ({ state, reason }: SourceStatus): void => {
    statuses.push(reason === undefined ? state : `${state}: ${reason}`);
    wake();
  };
  const until = async (wanted: string): Promise<void> => {
    while (statuses.at(-1) !== wanted) await new Promise<void>((resolve) => (wake = resolve));
  };
  mutable.start({ reading: () => {}, lost: () => {}, interrupted: () => {}, status, ended: () => {} });
  return { mutable, until, isOpen: () => opened === 1 };
}

describe('a muted source', () => {
  it('is closed while it runs, and opened again', async (context) => {
    const mutes = await SwitchedOff.open(await folder(context), new ManualClock());
    const { mutable, until, isOpen } = await source(mutes);
    await until('online');
    assert.ok(isOpen());
    await mutes.set('mic0', true);
    await until('disabled: muted');
    assert.ok(!isOpen());
    assert.equal(mutable.status.reason, 'muted');
    await mutes.set('mic0', false);
    await until('online');
    assert.ok(isOpen());
    await mutable.close();
    assert.ok(!isOpen());
  });

  it('stays muted over a restart, and never opens its device', async (context) => {
    const place = await folder(context);
    await (await SwitchedOff.open(place, new ManualClock())).set('mic0', true);
    const { mutable, until, isOpen } = await source(await SwitchedOff.open(place, new ManualClock()));
    await until('disabled: muted');
    assert.ok(!isOpen());
    await mutable.close();
  });

  it('follows another process within a second', async (context) => {
    const place = await folder(context);
    const clock = new ManualClock();
    const mutes = await SwitchedOff.open(place, clock);
    const { mutable, until } = await source(mutes);
    await until('online');
    await (await SwitchedOff.open(place, new ManualClock())).set('mic0', true);
    const muted = until('disabled: muted');
    await clock.advance(1000);
    await muted;
    await mutable.close();
    assert.equal(clock.waiting, 0);
  });

  it('does not forget what another process muted', async (context) => {
    const place = await folder(context);
    const [one, other] = [
      await SwitchedOff.open(place, new ManualClock()),
      await SwitchedOff.open(place, new ManualClock()),
    ];
    await one.set('mic0', true);
    await other.set('camera0', true);
    const both = await SwitchedOff.open(place, new ManualClock());
    assert.ok(both.isOff('mic0') && both.isOff('camera0'));
    assert.deepEqual((await readdir(place)).toSorted(), ['camera0', 'mic0']);
  });

  it('is muted together with others in one go, none of them forgotten', async (context) => {
    const place = await folder(context);
    const mutes = await SwitchedOff.open(place, new ManualClock());
    const ids = Array.from({ length: 20 }, (_, index) => `mic${index}`);
    await Promise.all(ids.map((id) => mutes.set(id, true)));
    const after = await SwitchedOff.open(place, new ManualClock());
    assert.ok(ids.every((id) => mutes.isOff(id) && after.isOff(id)));
  });

  it('is not forgotten because another process mutes at the same instant', async (context) => {
    const place = await folder(context);
    const ids = Array.from({ length: 20 }, (_, index) => `mic${index}`);
    const others = await Promise.all(ids.map(() => SwitchedOff.open(place, new ManualClock())));
    await Promise.all(others.map((mutes, index) => mutes.set(ids[index]!, true)));
    const after = await SwitchedOff.open(place, new ManualClock());
    assert.ok(ids.every((id) => after.isOff(id)));
  });

  it('is not opened because the list cannot be read', async (context) => {
    const place = path.join(await temporaryFolder(context), 'muted');
    await writeFile(place, '');
    await assert.rejects(SwitchedOff.open(place, new ManualClock()), refused('STATE_INVALID'));
  });
});
