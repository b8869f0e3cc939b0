import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Mailbox } from '../../nodes/shared/mailbox';

/** Work that ends when it is told to. */
function job(): { readonly work: () => Promise<void>; end(): void; readonly hasBegun: () => boolean } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  let begun = false;
  return {
    work: () => {
      begun = true;
      return promise;
    },
    end: () => resolve(),
    hasBegun: () => begun,
  };
}

describe('a mailbox', () => {
  it('does one thing after the other, in order', async () => {
    const mailbox = new Mailbox({ limit: 5, overload: 'queue' });
    const order: number[] = [];
    await Promise.all(
      [1, 2, 3].map((number) =>
        mailbox.submit('', async () => {
          order.push(number);
          await Promise.resolve();
          order.push(-number);
        }),
      ),
    );
    assert.deepEqual(order, [1, -1, 2, -2, 3, -3]);
  });

  it('refuses and counts what finds no room', async () => {
    const mailbox = new Mailbox({ limit: 2, overload: 'queue' });
    const first = job();
    const outcomes = Array.from({ length: 20 }, () => mailbox.submit('', first.work));
    first.end();
    const settled = await Promise.allSettled(outcomes);
    const failed = settled.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []));
    assert.deepEqual(failed, Array(17).fill('QUEUE_FULL'));
    assert.equal(mailbox.dropped, 17);
  });

  it('keeps the newest of each key', async () => {
    const mailbox = new Mailbox({ limit: 2, overload: 'newest' });
    const first = job();
    const running = mailbox.submit('a', first.work);
    const [older, newer, other] = [job(), job(), job()];
    const waits = [mailbox.submit('a', older.work), mailbox.submit('a', newer.work), mailbox.submit('b', other.work)];
    for (const { end } of [first, older, newer, other]) end();
    await Promise.all([running, ...waits]);
    assert.deepEqual(
      [older, newer, other].map((one) => one.hasBegun()),
      [false, true, true],
    );
    assert.equal(mailbox.dropped, 1);
  });

  it('goes on after work that failed', async () => {
    const mailbox = new Mailbox({ limit: 2, overload: 'queue' });
    const failed = mailbox.submit('', () => Promise.reject(new Error('broken')));
    const next = mailbox.submit('', () => Promise.resolve());
    await assert.rejects(failed, /broken/);
    await next;
  });

  it('gives up what waits', async () => {
    const mailbox = new Mailbox({ limit: 2, overload: 'queue' });
    const [first, second] = [job(), job()];
    const outcomes = [mailbox.submit('', first.work), mailbox.submit('', second.work)];
    mailbox.clear();
    first.end();
    await Promise.all(outcomes);
    assert.equal(second.hasBegun(), false);
  });
});
