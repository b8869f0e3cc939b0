import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Systemd } from '../../../../runtime/cli/service/systemd';
import type { SensebindError } from '../../../../runtime/errors';
import { ManualClock } from '../../../support/manualClock';
import { notifyReceiver, withoutSystemd } from '../../../support/notifyReceiver';
import { temporaryFolder } from '../../../support/temporaryFolder';

/** `systemd-notify` finds the socket in the environment of this process. */
function inEnvironment(context: TestContext, name: string, value: string): void {
  const before = process.env[name];
  process.env[name] = value;
  context.after(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}

describe('what systemd is told', { skip: withoutSystemd }, () => {
  it('is to leave the service alone only while it does its work', async (context) => {
    const receiver = await notifyReceiver(context, await temporaryFolder(context));
    inEnvironment(context, 'NOTIFY_SOCKET', receiver.socket);
    const clock = new ManualClock();
    let isAlive: boolean = true;
    const systemd = new Systemd(
      { NOTIFY_SOCKET: receiver.socket, WATCHDOG_USEC: '30000000', WATCHDOG_PID: `${process.pid}` },
      { clock, isAlive: () => isAlive, status: () => 'fine', onFailed: (error) => assert.fail(error) },
    );
    const fed = (): number => receiver.heard().split('WATCHDOG=1').length - 1;
    systemd.ready();
    await systemd.settled();
    for (let count = 0; count < 3; count++) {
      await clock.advance(15_000);
      await systemd.settled();
    }
    await receiver.until(['READY=1', 'STATUS=fine', ...Array.from({ length: 3 }, () => 'WATCHDOG=1')]);
    isAlive = false;
    await clock.advance(60_000);
    await systemd.settled();
    isAlive = true;
    await clock.advance(15_000);
    systemd.stopping();
    await systemd.settled();
    await receiver.until(['STOPPING=1']);
    assert.equal(fed(), 4);
    assert.equal(clock.waiting, 0);
  });

  it('is nothing where nobody listens, and no watchdog is fed that is not for this process', async (context) => {
    const receiver = await notifyReceiver(context, await temporaryFolder(context));
    inEnvironment(context, 'NOTIFY_SOCKET', receiver.socket);
    const clock = new ManualClock();
    const options = {
      clock,
      isAlive: () => true,
      status: () => 'fine',
      onFailed: (error: SensebindError) => assert.fail(error),
    };
    const silent = new Systemd({}, options);
    silent.ready();
    silent.stopping();
    await silent.settled();
    const other = new Systemd({ NOTIFY_SOCKET: receiver.socket, WATCHDOG_USEC: '1000', WATCHDOG_PID: '1' }, options);
    other.ready();
    await clock.advance(60_000);
    other.stopping();
    await other.settled();
    await receiver.until(['READY=1', 'STOPPING=1']);
    assert.doesNotMatch(receiver.heard(), /WATCHDOG/);
    assert.equal(receiver.heard().split('READY=1').length, 2);
  });

  it('is told once that it cannot be told', async (context) => {
    const folder = await temporaryFolder(context);
    inEnvironment(context, 'NOTIFY_SOCKET', `${folder}/nobody`);
    const errors: SensebindError[] = [];
    const systemd = new Systemd(
      { NOTIFY_SOCKET: `${folder}/nobody` },
      {
        clock: new ManualClock(),
        isAlive: () => true,
        status: () => 'fine',
        onFailed: (error) => errors.push(error),
      },
    );
    systemd.ready();
    systemd.stopping();
    await systemd.settled();
    assert.deepEqual(
      errors.map(({ code }) => code),
      ['PROGRAM_FAILED'],
    );
  });
});
