import type { Outbox, OutboxCounters } from '../../runtime/mqtt/sender/outbox';

/** Resolves once an answer of the broker has made the counters of an outbox as wished. */
export function untilCounters(outbox: Outbox, isWished: (counters: OutboxCounters) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (isWished(outbox.counters())) resolve();
    };
    const { delivered, refused } = outbox;
    outbox.delivered = (item) => {
      delivered.call(outbox, item);
      look();
    };
    outbox.refused = (item, reason) => {
      refused.call(outbox, item, reason);
      look();
    };
    look();
  });
}

/** Resolves once the broker has answered for all that is in an outbox. */
export function untilEmpty(outbox: Outbox): Promise<void> {
  return untilCounters(outbox, ({ records }) => records === 0);
}
