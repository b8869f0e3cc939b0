import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../../support/manualClock';
import { append, openSpool } from '../../../support/spoolFolder';
import { temporaryFolder } from '../../../support/temporaryFolder';

const BODY = { kind: 1, lifeSeconds: 0, body: Buffer.from('x') };

describe('the age of the oldest message', () => {
  it('is that of the oldest which is not delivered, of whatever priority', async (context) => {
    const clock = new ManualClock();
    const { spool } = await openSpool(await temporaryFolder(context), { clock });
    const oldest = (): number | undefined => spool.counters().oldestMillis;
    assert.equal(oldest(), undefined);
    const first = spool.append('low', BODY);
    clock.sleep(5000);
    const second = spool.append('high', BODY);
    clock.sleep(10_000);
    // A wall clock that jumps changes nothing.
    clock.epochStartMicros += 3.6e9;
    assert.equal(oldest(), 15_000);
    assert.ok(first && second);
    spool.settle(first);
    assert.equal(oldest(), 10_000);
    spool.settle(second);
    assert.equal(oldest(), undefined);
    await spool.close();
  });

  it('is about right for a long backlog, in little memory', async (context) => {
    const clock = new ManualClock();
    const { spool } = await openSpool(await temporaryFolder(context), { clock });
    const count = 5000;
    const all = Array.from({ length: count }, () => {
      clock.sleep(2000);
      return spool.append('low', BODY);
    });
    for (const [index, spooled] of all.entries()) {
      const trueAge = 2000 * (count - 1 - index);
      const told = spool.counters().oldestMillis;
      assert.ok(told !== undefined && told >= trueAge && told <= trueAge + 2000 * (count / 64), `${index}: ${told}`);
      assert.ok(spooled);
      spool.settle(spooled);
    }
    await spool.close();
  });

  it('goes on after a restart, from when the file was begun', async (context) => {
    const folder = await temporaryFolder(context);
    const before = await openSpool(folder);
    append(before.spool, 'left', 'high');
    await before.spool.flush();
    await before.spool.close();
    const clock = new ManualClock();
    clock.epochStartMicros = (Date.now() + 60_000) * 1000;
    const { spool } = await openSpool(folder, { clock });
    const { oldestMillis = 0 } = spool.counters();
    assert.ok(oldestMillis >= 59_000 && oldestMillis < 120_000, `${oldestMillis}`);
    await spool.close();
  });
});
