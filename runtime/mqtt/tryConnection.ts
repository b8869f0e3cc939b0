import type { Clock } from '../clock';
import { type BrokerAccess, Connection, type ConnectionEnd, type ProtocolVersion } from './connection';
import { connectionProblem } from './connectionProblem';

/** Nobody waits long enough for a ping. */
const KEEPALIVE_SECONDS = 30;

type Outcome = { readonly kind: 'connected' } | ConnectionEnd;

/**
 * Connects once, says goodbye, and tells which version of MQTT was spoken. Nothing is published, no will left.
 *
 * @throws {SensebindError} `BROKER_REFUSED`, `BROKER_UNREACHABLE`
 */
export async function tryConnection(
  access: BrokerAccess,
  { protocol, clock }: { readonly protocol: ProtocolVersion | 'auto'; readonly clock: Clock },
): Promise<ProtocolVersion> {
  const version = protocol === 'auto' ? '5' : protocol;
  const outcome = await connectOnce(access, { version, clock });
  if (outcome.kind === 'connected') return version;
  // Brokers of old end the connection when they do not know MQTT 5, or say that they do not.
  const isOld = outcome.kind === 'version-refused' || outcome.kind === 'unanswered';
  if (protocol === 'auto' && isOld) {
    const second = await connectOnce(access, { version: '3.1.1', clock });
    if (second.kind === 'connected') return '3.1.1';
    throw connectionProblem(second, access, '3.1.1');
  }
  throw connectionProblem(outcome, access, version);
}

async function connectOnce(
  access: BrokerAccess,
  { version, clock }: { readonly version: ProtocolVersion; readonly clock: Clock },
): Promise<Outcome> {
  const ignored = (): void => undefined;
  let connection: Connection | undefined;
  const outcome = await new Promise<Outcome>((resolve) => {
    connection = new Connection(
      { access, version, clock, keepaliveSeconds: KEEPALIVE_SECONDS },
      {
        connected: () => resolve({ kind: 'connected' }),
        ended: resolve,
        received: ignored,
        answered: ignored,
        drained: ignored,
      },
    );
  });
  if (outcome.kind === 'connected') await connection?.close();
  return outcome;
}
