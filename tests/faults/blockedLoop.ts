import { type Millis, systemClock } from '../../runtime/clock';
import { LoopWatch } from '../../runtime/loopWatch';
import { BrokerLink } from '../../runtime/mqtt/link';
import { wordMessage } from '../../runtime/mqtt/message';
import { withCleanUp } from '../support/cleanUp';
import { startMosquitto } from '../support/mosquitto';
import { untilEmpty } from '../support/outboxWatch';
import { openOutbox } from '../support/spoolFolder';
import { type Found, postEvent, problemsOf, ROOT } from './found';

export interface BlockedLoopOptions {
  readonly blockedMillis: number;
  /** 30 s is what a node has; at 1 s the broker gives a client up that is silent for 1.5 s. */
  readonly keepaliveSeconds: number;
}

/** Row F16: something computes on the main thread for seconds, with a connection to a real broker. */
export function blockedLoop({ blockedMillis, keepaliveSeconds }: BlockedLoopOptions): Promise<Found> {
  return withCleanUp(async (context) => {
    const broker = await startMosquitto({ holdsContract: false });
    context.after(() => broker.stop());
    const outbox = await openOutbox(context, { clock: systemClock });
    const link = new BrokerLink({
      access: { url: broker.url, clientId: 'box' },
      protocol: '5',
      will: { topic: `${ROOT}/status`, message: wordMessage('offline') },
      outbox,
      clock: systemClock,
      random: () => 0.1,
      keepaliveSeconds,
    });
    context.after(() => link.stop());
    const warned = new Promise<Millis>((resolve) => {
      const watch = new LoopWatch(systemClock, resolve);
      watch.start();
      context.after(async () => watch.stop());
    });
    link.start(() => undefined);
    postEvent(outbox, 0);
    await untilEmpty(outbox);
    const end = performance.now() + blockedMillis;
    while (performance.now() < end);
    const blocked = await warned;
    postEvent(outbox, 1);
    await untilEmpty(outbox);
    const { connects } = link.counters();
    const lives = blockedMillis < 1500 * keepaliveSeconds;
    return {
      description:
        `event loop held for ${blockedMillis / 1000} s with a keep-alive of ${keepaliveSeconds} s: ${connects - 1} ` +
        `reconnects, both events delivered, warned of ${(blocked / 1000).toFixed(1)} s`,
      problems: problemsOf({
        'disconnected although within the keep-alive': lives && connects > 1,
        'not delivered': outbox.counters().delivered !== 2,
      }),
    };
  });
}
