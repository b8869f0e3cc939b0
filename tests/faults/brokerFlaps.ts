import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BrokerLink, type LinkEvent } from '../../runtime/mqtt/link';
import { wordMessage } from '../../runtime/mqtt/message';
import { Outbox } from '../../runtime/mqtt/sender/outbox';
import { Acknowledged } from '../support/acknowledged';
import { startDelayingProxy } from '../support/delayingProxy';
import { fasterClock } from '../support/fasterClock';
import { freePort, startMosquitto } from '../support/mosquitto';
import { untilEmpty } from '../support/outboxWatch';
import { type Found, postEvent, problemsOf, ROOT } from './found';

export interface BrokerFlapsOptions {
  readonly flaps: number;
  /** How long the broker stays, and stays away. */
  readonly periodMillis: number;
  /** Events that wait at the beginning, so that it goes in the middle of their way. */
  readonly backlog: number;
  /** Clock of the link: at 10, a minute of back-off takes 6 s. */
  readonly times: number;
}

const POST_EVERY_MILLIS = 50;
const LONGEST_DELAY = 60_000;

/** What mosquitto announces unless it is told otherwise. */
const RECEIVE_MAXIMUM = 20;

/** Row F3: a broker that comes and goes, by turns with and without a goodbye, while messages are on their way. */
export async function brokerFlaps({ flaps, periodMillis, backlog, times }: BrokerFlapsOptions): Promise<Found> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sensebind-flaps-'));
  const clock = fasterClock(times);
  const taken = new Acknowledged();
  const port = await freePort();
  const network = await startDelayingProxy(port, 20, taken);
  const outbox = await Outbox.open({ folder, clock });
  const delays: number[] = [];
  const timers: number[] = [];
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on('warning', onWarning);
  const link = new BrokerLink({
    access: { url: network.url, clientId: 'box' },
    protocol: '5',
    will: { topic: `${ROOT}/status`, message: wordMessage('offline') },
    outbox,
    clock,
  });
  link.retain(`${ROOT}/status`, wordMessage('online'));
  let posted = 0;
  const post = (): void => postEvent(outbox, posted++);
  try {
    while (posted < backlog) {
      post();
      // More at once than the disk takes would be dropped, and counted.
      if (posted % 256 === 0) await outbox.flush();
    }
    link.start((event: LinkEvent) => {
      if (event.kind === 'disconnected') delays.push(event.retryMillis);
      if (event.kind === 'connected') timers.push(active('Timeout'));
    });
    const posting = setInterval(post, POST_EVERY_MILLIS);
    for (let flap = 0; flap < flaps; flap++) {
      const broker = await startMosquitto({ port, holdsContract: false });
      await new Promise((resolve) => setTimeout(resolve, periodMillis));
      await broker.stop(flap % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
      await new Promise((resolve) => setTimeout(resolve, periodMillis));
    }
    clearInterval(posting);
    const broker = await startMosquitto({ port, holdsContract: false });
    try {
      await untilEmpty(outbox);
      await link.stop();
    } finally {
      await broker.stop();
    }
    const lost = posted - taken.times.size;
    const { connects } = link.counters();
    // Between: one more for each socket on its way, and the one that posts.
    const timerGrowth = Math.max(0, ...timers) - (timers[0] ?? 0);
    return {
      description:
        `broker gone ${flaps} times while ${posted} events are on their way: ${lost} lost, ${taken.doubled} taken twice, ` +
        `${connects} connects, at most ${taken.mostInFlight} in flight, ${delays.length} delays of ${seconds(Math.min(...delays))} to ` +
        `${seconds(Math.max(...delays))} s; at most ${timerGrowth} more timers than at first, ${warnings.length} warnings`,
      problems: problemsOf({
        [`${lost} lost`]: lost !== 0,
        [`${outbox.counters().deadLetters} dead letters`]: outbox.counters().deadLetters > 0,
        'more in flight than the broker takes': taken.mostInFlight > RECEIVE_MAXIMUM,
        'a delay beyond 60 s': delays.some((delay) => delay > LONGEST_DELAY),
        'delays without jitter': new Set(delays).size < delays.length,
        'timers pile up': timerGrowth > 10,
        [`warned: ${warnings[0]?.message}`]: warnings.length > 0,
      }),
    };
  } finally {
    process.off('warning', onWarning);
    await link.stop();
    await outbox.close();
    await network.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function active(kind: string): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === kind).length;
}

function seconds(millis: number): string {
  return (millis / 1000).toFixed(1);
}
