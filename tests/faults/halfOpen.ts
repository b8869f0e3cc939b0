import { systemClock } from '../../runtime/clock';
import { BrokerLink, type LinkEvent } from '../../runtime/mqtt/link';
import { wordMessage } from '../../runtime/mqtt/message';
import { Acknowledged } from '../support/acknowledged';
import { withCleanUp } from '../support/cleanUp';
import { startDelayingProxy } from '../support/delayingProxy';
import { startMosquitto } from '../support/mosquitto';
import { untilCounters, untilEmpty } from '../support/outboxWatch';
import { openOutbox } from '../support/spoolFolder';
import { type Found, postEvent, problemsOf, ROOT } from './found';

/** Before the network falls silent, and after it. */
const EVENTS = 50;

/** MQTT.js counts from the last answer to a ping; its timers come a little late. */
const SLACK_MILLIS = 250;

/** Row F5: the network lets nothing through any more, both ways, and says nothing; later another connection works. */
export function halfOpen({ keepaliveSeconds }: { readonly keepaliveSeconds: number }): Promise<Found> {
  return withCleanUp(async (context) => {
    const broker = await startMosquitto({ holdsContract: false });
    context.after(() => broker.stop());
    const taken = new Acknowledged();
    const network = await startDelayingProxy(broker.port, 0, taken);
    context.after(() => network.stop());
    const outbox = await openOutbox(context, { clock: systemClock });
    const link = new BrokerLink({
      access: { url: network.url, clientId: 'box' },
      protocol: '5',
      will: { topic: `${ROOT}/status`, message: wordMessage('offline') },
      outbox,
      clock: systemClock,
      random: () => 0.1,
      keepaliveSeconds,
    });
    context.after(() => link.stop());
    const lost = new Promise<{ readonly reason: string; readonly atMillis: number }>((resolve) => {
      link.start((event: LinkEvent) => {
        if (event.kind === 'disconnected') resolve({ reason: event.error.message, atMillis: performance.now() });
      });
    });
    for (let id = 0; id < EVENTS; id++) postEvent(outbox, id);
    await untilCounters(outbox, ({ delivered }) => delivered === EVENTS);
    network.freeze();
    const frozenAt = performance.now();
    const takenThen = taken.times.size;
    for (let id = EVENTS; id < 2 * EVENTS; id++) postEvent(outbox, id);
    const { atMillis, reason } = await lost;
    const told = outbox.counters().delivered;
    await untilEmpty(outbox);
    const millis = atMillis - frozenAt;
    return {
      description:
        `half-open connection: noticed after ${(millis / 1000).toFixed(1)} s, ${(millis / 1000 / keepaliveSeconds).toFixed(2)} ` +
        `× the keep-alive of ${keepaliveSeconds} s; ${told} of ${takenThen} taken messages told as delivered then, ` +
        `${taken.times.size} of ${2 * EVENTS} at the end, ${taken.doubled} twice (${reason})`,
      problems: problemsOf({
        'told as delivered what was not': told > takenThen,
        'lost some': taken.times.size < 2 * EVENTS,
      }),
      tooSlow: problemsOf({
        'noticed later than 1.5 × the keep-alive': millis > 1500 * keepaliveSeconds + SLACK_MILLIS,
      }),
    };
  });
}
