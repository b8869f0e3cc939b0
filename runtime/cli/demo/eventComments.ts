import { listenForTruth } from '../../../devices/simulated/sharedWorld';
import { type Millis, systemClock } from '../../clock';
import { messageOf } from '../../errors';
import type { EventMessage } from '../../mqtt/eventMessage';
import { validators } from '../../mqtt/messages';
import { print, printNote } from '../output';
import { watchBroker } from '../watchBroker';
import { type Agreement, Commentary } from './commentary';

export interface CommentedEvents {
  /** Of the broker that events go to. */
  readonly url: string;
  /** Filter of the topics of events. */
  readonly topic: string;
  /** What can be reported at all. */
  readonly labels: ReadonlySet<string>;
  readonly agreement: Agreement;
  readonly signal: AbortSignal;
}

const TICK = 1000 as Millis;

/**
 * Prints each event as a subscriber of the broker receives it, and beside it what really happens in the simulated world of
 * this process.
 *
 * @returns the end of it, which prints what was found and missed.
 * @throws {SensebindError} as {@link watchBroker}.
 */
export async function commentEvents(options: CommentedEvents): Promise<() => Promise<void>> {
  const { url, topic, labels, agreement, signal } = options;
  const clock = systemClock;
  const commentary = new Commentary({ startMicros: clock.monotonicMicros(), labels, agreement, line: print });
  const stopWatching = await watchBroker({
    address: url,
    topic,
    onMessage: (_topic, payload) => {
      const message = eventOf(payload);
      if (message !== undefined) commentary.event(message, clock.monotonicMicros());
    },
    onNote: printNote,
    signal,
  });
  const stopListening = listenForTruth(clock, (truth) => commentary.truth(truth));
  const stopTicking = everySecond(() => commentary.tick(clock.monotonicMicros()));
  return async () => {
    stopTicking();
    stopListening();
    await stopWatching?.();
    print(`stopped: ${commentary.summary()}`);
  };
}

function eventOf(payload: Buffer): EventMessage | undefined {
  try {
    const value: unknown = JSON.parse(payload.toString('utf8'));
    return validators['event/1'].Check(value) ? value : undefined;
  } catch (error) {
    printNote(`a message that is no event: ${messageOf(error)}`);
    return undefined;
  }
}

function everySecond(work: () => void): () => void {
  let timer = systemClock.setTimer(TICK, function tick(): void {
    work();
    timer = systemClock.setTimer(TICK, tick, { background: true });
  });
  return () => timer.cancel();
}
