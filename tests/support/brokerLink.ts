import type { TestContext } from 'node:test';
import type { BrokerAccess } from '../../runtime/mqtt/connection';
import { BrokerLink, type BrokerLinkOptions, type LinkEvent } from '../../runtime/mqtt/link';
import { wordMessage } from '../../runtime/mqtt/message';
import { ManualClock } from './manualClock';

export const STATUS = 'sensebind/v1/box/status';

/** A link under test, its events, and a clock that only moves when it is told to. */
export interface LinkUnderTest {
  readonly link: BrokerLink;
  readonly clock: ManualClock;
  readonly events: readonly LinkEvent[];
  /** Resolves once so many events of a kind have come, with the last of them. */
  until<Kind extends LinkEvent['kind']>(kind: Kind, count?: number): Promise<Extract<LinkEvent, { kind: Kind }>>;
}

/** Starts a link whose will and status are those of a node; it is stopped after the test. */
export function startLink(
  context: TestContext,
  url: string,
  options: Partial<Omit<BrokerLinkOptions, 'access'>> & { readonly access?: Partial<BrokerAccess> } = {},
): LinkUnderTest {
  const clock = new ManualClock();
  const { access, ...rest } = options;
  const link = new BrokerLink({
    protocol: 'auto',
    will: { topic: STATUS, message: wordMessage('offline') },
    clock,
    random: () => 0.5,
    ...rest,
    access: { url, clientId: 'box', ...access },
  });
  const events: LinkEvent[] = [];
  let onEvent = (): void => undefined;
  link.retain(STATUS, wordMessage('online'));
  link.start((event) => {
    events.push(event);
    onEvent();
  });
  context.after(async () => {
    const stopped = link.stop();
    // A broker that does not answer is given up when its time is over.
    await clock.advance(5000);
    await stopped;
  });
  return {
    link,
    clock,
    events,
    until: (kind, count = 1) =>
      new Promise((resolve) => {
        const before = onEvent;
        const look = (): void => {
          const found = events.filter((event) => event.kind === kind)[count - 1];
          if (found) resolve(found as Extract<LinkEvent, { kind: typeof kind }>);
        };
        onEvent = () => {
          before();
          look();
        };
        look();
      }),
  };
}

/** The turns in which what the broker has written on loopback is read. */
export async function answered(clock: ManualClock): Promise<void> {
  await clock.advance(0);
  await clock.advance(0);
}
