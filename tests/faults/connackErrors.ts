import { BrokerLink, type LinkEvent } from '../../runtime/mqtt/link';
import { wordMessage } from '../../runtime/mqtt/message';
import { withCleanUp } from '../support/cleanUp';
import { ManualClock } from '../support/manualClock';
import { connack, polite, ScriptedBroker } from '../support/scriptedBroker';
import { type Found, problemsOf, ROOT } from './found';

/** Row F4: a broker that refuses so many connections with a code of MQTT 5 §3.2.2.2, and then takes them. */
export function connackErrors({
  code,
  refusals,
}: {
  readonly code: number;
  readonly refusals: number;
}): Promise<Found> {
  return withCleanUp(async (context) => {
    const broker = await ScriptedBroker.start(context, (packet, client) => {
      if (packet.cmd === 'connect' && client.attempt < refusals) client.send(connack(code));
      else polite(packet, client);
    });
    const clock = new ManualClock();
    const link = new BrokerLink({
      access: { url: broker.url, clientId: 'box', username: 'box', password: 'hunter2' },
      protocol: '5',
      will: { topic: `${ROOT}/status`, message: wordMessage('offline') },
      clock,
      random: () => 0.5,
    });
    context.after(() => link.stop());
    const refused: Extract<LinkEvent, { kind: 'disconnected' }>[] = [];
    await new Promise<void>((resolve) => {
      link.start((event) => {
        if (event.kind === 'connected') resolve();
        if (event.kind !== 'disconnected') return;
        refused.push(event);
        void clock.advance(event.retryMillis);
      });
    });
    const delays = refused.map(({ retryMillis }) => retryMillis / 1000);
    const words = refused.map(({ error }) => `${error.code} ${error.message} ${error.cure}`);
    const isLasting = code === 135;
    return {
      description: `${refusals} × CONNACK ${code}: tried again after ${delays.join(', ')} s, connected then (${words[0]})`,
      problems: problemsOf({
        [`${refused.length} refusals told`]: refused.length !== refusals,
        'not told by its code': words.some(
          (text) => !text.includes(`code ${code}`) || !text.startsWith('BROKER_REFUSED'),
        ),
        'told the password': words.some((text) => text.includes('hunter2')),
        'not in 5 minutes': isLasting && delays.some((delay) => delay !== 300),
        'no back-off up to a minute': !isLasting && delays.some((delay, n) => delay !== Math.min(30, 0.5 * 2 ** n)),
      }),
    };
  });
}
