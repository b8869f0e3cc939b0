import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { type Closable, SharedResources } from '../../../nodes/shared/shared';
import type { Millis } from '../../../runtime/clock';
import { SensebindError } from '../../../runtime/errors';
import { ManualClock } from '../../support/manualClock';

const GRACE = 1000 as Millis;

/** Writes down what happens to it. */
class Device implements Closable {
  readonly #log: string[];
  readonly #name: string;
  readonly #closing: Promise<void>;

  constructor(log: string[], name: string, closing: Promise<void> = Promise.resolve()) {
    this.#log = log;
    this.#name = name;
    this.#closing = closing;
    log.push(`open ${name}`);
  }

  async close(): Promise<void> {
    this.#log.push(`close ${this.#name}`);
    await this.#closing;
    this.#log.push(`closed ${this.#name}`);
  }

  setBackground(isBackground: boolean): void {
    this.#log.push(`${isBackground ? 'background' : 'foreground'} ${this.#name}`);
  }
}

function started(): { clock: ManualClock; shared: SharedResources<Device>; log: string[] } {
  const clock = new ManualClock();
  return { clock, shared: new SharedResources<Device>({ clock, grace: GRACE }), log: [] };
}

function isInvalid(error: unknown): boolean {
  return error instanceof SensebindError && error.code === 'CONFIG_INVALID';
}

describe('what several nodes share', () => {
  it('is open once for all, also while it is being opened, and stays for a while after the last one', async () => {
    const { clock, shared, log } = started();
    const open = async (): Promise<Device> => new Device(log, 'a');
    const [first, second] = await Promise.all([shared.acquire('a', open), shared.acquire('a', open)]);
    assert.equal(first.resource, second.resource);
    await first.release();
    // Only the first call counts.
    await first.release();
    await clock.advance(10 * GRACE);
    assert.deepEqual(log, ['open a', 'foreground a', 'foreground a']);
    await second.release();
    await clock.advance(GRACE - 1);
    assert.deepEqual([log.at(-1), shared.size], ['background a', 1]);
    await clock.advance(1);
    assert.deepEqual([log.slice(-2), shared.size, shared.has('a')], [['close a', 'closed a'], 0, false]);
    assert.equal(clock.waiting, 0);
  });

  it('goes on with the same one where it is wanted again in time', async () => {
    const { clock, shared, log } = started();
    const open = async (): Promise<Device> => new Device(log, 'a');
    const before = await shared.acquire('a', open);
    await before.release();
    await clock.advance(GRACE / 2);
    const after = await shared.acquire('a', open);
    assert.equal(after.resource, before.resource);
    await clock.advance(10 * GRACE);
    assert.equal(log.includes('close a'), false);
    // What was released before says nothing of the new use.
    await before.release({ now: true });
    assert.equal(log.includes('close a'), false);
    await after.release({ now: true });
    assert.equal(log.at(-1), 'closed a');
    assert.equal(clock.waiting, 0);
  });

  it('opens again only when it is closed', async () => {
    const { shared, log } = started();
    let closed = (): void => undefined;
    const closing = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const first = await shared.acquire('a', async () => new Device(log, 'first', closing));
    const releasing = first.release({ now: true });
    const second = shared.acquire('a', async () => new Device(log, 'second'));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(log.at(-1), 'close first');
    closed();
    await releasing;
    assert.notEqual((await second).resource, first.resource);
    assert.deepEqual(log.slice(-3), ['closed first', 'open second', 'foreground second']);
  });

  it('fails for all who wait, and tries again for the next one', async () => {
    const { shared, log } = started();
    const fail = async (): Promise<Device> => {
      throw new Error('no such device');
    };
    const results = await Promise.allSettled([shared.acquire('a', fail), shared.acquire('a', fail)]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    assert.equal(shared.size, 0);
    const lease = await shared.acquire('a', async () => new Device(log, 'a'));
    await lease.release({ now: true });
    assert.equal(log.at(-1), 'closed a');
  });

  it('refuses a second variant of what is used or being opened, and replaces one that nobody uses', async () => {
    const { shared, log } = started();
    const opening = shared.acquire('a', async () => new Device(log, 'red'), 'red');
    const blue = async (): Promise<Device> => new Device(log, 'blue');
    await assert.rejects(shared.acquire('a', blue, 'blue'), isInvalid);
    const red = await opening;
    await assert.rejects(shared.acquire('a', blue, 'blue'), isInvalid);
    assert.equal((await shared.acquire('a', blue, 'red')).resource, red.resource);
    const other = started();
    const idle = await other.shared.acquire('a', async () => new Device(other.log, 'red'), 'red');
    await idle.release();
    await other.shared.acquire('a', async () => new Device(other.log, 'blue'), 'blue');
    await other.clock.advance(10 * GRACE);
    assert.deepEqual(other.log.slice(2), ['background red', 'close red', 'closed red', 'open blue', 'foreground blue']);
  });

  it('closes what is only kept, where it is asked to, and nothing that is used', async () => {
    const { clock, shared, log } = started();
    const acquire = (key: string) => shared.acquire(key, async () => new Device(log, key));
    const [idle, kept] = [await acquire('idle'), await acquire('kept')];
    await acquire('used');
    await idle.release();
    await kept.release();
    await shared.closeIdle((key) => key !== 'kept');
    assert.deepEqual(log.slice(-2), ['close idle', 'closed idle']);
    assert.deepEqual([shared.has('used'), shared.has('kept')], [true, true]);
    await clock.advance(GRACE);
    assert.equal(log.at(-1), 'closed kept');
    assert.equal(shared.has('used'), true);
  });

  it('gives nobody what is being closed for another', async () => {
    const { shared, log } = started();
    const first = await shared.acquire('a', async () => new Device(log, 'first'));
    await first.release();
    const closing = shared.closeIdle(() => true);
    const second = await shared.acquire('a', async () => new Device(log, 'second'));
    await closing;
    assert.notEqual(second.resource, first.resource);
    assert.equal(log.includes('close second'), false);
  });

  it('outlives a failure to close what nobody uses: it is told, and opened again', async () => {
    const { clock, shared, log } = started();
    class Stuck extends Device {
      override async close(): Promise<void> {
        throw new Error('does not let go');
      }
    }
    const first = await shared.acquire('a', async () => new Stuck(log, 'first'));
    await first.release();
    const warned = once(process, 'warning');
    await clock.advance(GRACE);
    const [warning] = await warned;
    assert.match(String(warning), /does not let go/);
    const second = await shared.acquire('a', async () => new Device(log, 'second'));
    assert.notEqual(second.resource, first.resource);
  });
});
