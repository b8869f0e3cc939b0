import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_BODY_BYTES } from '../../../../runtime/mqtt/spool/record';
import { SPOOL_PRIORITIES } from '../../../../runtime/mqtt/spool/spool';
import { ManualClock } from '../../../support/manualClock';
import { append, openSpool, readAll } from '../../../support/spoolFolder';
import { temporaryFolder } from '../../../support/temporaryFolder';

const text = (index: number): string => `${index} ${'x'.repeat(900)}`;

describe('a spool that is full', () => {
  it('drops the oldest of the lowest priority, counts them, and keeps within its size', async (context) => {
    const folder = await temporaryFolder(context);
    const maxBytes = 48_000;
    const { spool } = await openSpool(folder, { maxBytes, segmentBytes: 5000 });
    let count = 0;
    for (const priority of [...SPOOL_PRIORITIES, 'high'] as const) {
      for (let index = 0; index < 20; index++) {
        append(spool, text(count++), priority);
        await spool.flush();
        assert.ok(spool.counters().bytes <= maxBytes);
      }
    }
    const [low, normal, high] = [
      await readAll(spool, 'low'),
      await readAll(spool, 'normal'),
      await readAll(spool, 'high'),
    ];
    assert.deepEqual(low, []);
    assert.deepEqual(
      normal,
      Array.from({ length: normal.length }, (_, index) => text(40 - normal.length + index)),
      'the newest of them',
    );
    assert.ok(normal.length > 0 && normal.length < 20);
    assert.deepEqual(
      high,
      Array.from({ length: 40 }, (_, index) => text(40 + index)),
    );
    assert.equal(spool.counters().drops.quota, 80 - normal.length - high.length);
    assert.equal(spool.counters().records, normal.length + high.length);
    await spool.close();
  });

  it('of important messages drops none of them for unimportant ones', async (context) => {
    const { spool } = await openSpool(await temporaryFolder(context), { maxBytes: 10_000, segmentBytes: 5000 });
    for (let index = 0; index < 9; index++) append(spool, text(index), 'high');
    await spool.flush();
    for (let index = 0; index < 5; index++) append(spool, text(index), 'low');
    await spool.flush();
    assert.equal((await readAll(spool, 'high')).length, 9);
    // Room for one is left.
    assert.deepEqual(await readAll(spool, 'low'), [text(4)]);
    assert.equal(spool.counters().drops.quota, 4);
    await spool.close();
  });

  it('of messages that wait for the disk drops the oldest of these', async (context) => {
    const { spool } = await openSpool(await temporaryFolder(context));
    for (let index = 0; index < 10_000; index++) append(spool, String(index));
    const { drops, records } = spool.counters();
    assert.equal(drops.unwritten, 10_000 - 8192);
    assert.equal(records, 8192);
    await spool.flush();
    assert.deepEqual(
      (await readAll(spool)).map(Number),
      Array.from({ length: 8192 }, (_, index) => 1808 + index),
    );
    await spool.close();
  });

  it('never takes a message of more than 1 MiB', async (context) => {
    const { spool } = await openSpool(await temporaryFolder(context));
    append(spool, 'x'.repeat(MAX_BODY_BYTES));
    append(spool, 'x'.repeat(MAX_BODY_BYTES + 1));
    await spool.flush();
    assert.deepEqual(
      (await readAll(spool)).map(({ length }) => length),
      [MAX_BODY_BYTES],
    );
    assert.equal(spool.counters().drops.oversize, 1);
    await spool.close();
  });
});

describe('messages with a life', () => {
  const seconds = (lifeSeconds: number) => ({ kind: 1, lifeSeconds, body: Buffer.from(String(lifeSeconds)) });

  for (const restarted of [false, true]) {
    it(`are dropped after it, and counted${restarted ? ', also by another process' : ''}`, async (context) => {
      const folder = await temporaryFolder(context);
      const clock = new ManualClock();
      let { spool } = await openSpool(folder, { clock });
      for (const life of [100, 10, 0]) spool.append('normal', seconds(life));
      await spool.flush();
      clock.sleep(11_000);
      if (restarted) {
        await spool.close();
        ({ spool } = await openSpool(folder, { clock }));
      }
      assert.deepEqual(await readAll(spool), ['100', '0']);
      assert.equal(spool.counters().drops.expired, 1);
      await spool.close();
    });
  }

  it('are not dropped by a jump of the wall clock, nor by one that was never set', async (context) => {
    const folder = await temporaryFolder(context);
    const clock = new ManualClock();
    let { spool } = await openSpool(folder, { clock });
    spool.append('normal', seconds(100));
    clock.epochStartMicros += 86_400_000_000;
    assert.deepEqual(await readAll(spool), ['100']);
    // A box without a battery.
    clock.epochStartMicros = 5_000_000;
    spool.append('normal', seconds(99));
    await spool.close();
    clock.epochStartMicros = 1_700_000_000_000_000;
    ({ spool } = await openSpool(folder, { clock }));
    assert.ok((await readAll(spool)).includes('99'));
    await spool.close();
  });
});
