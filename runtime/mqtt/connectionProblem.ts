import { SensebindError } from '../errors';
import { withoutSecrets } from './address';
import type { BrokerAccess, ConnectionEnd, ProtocolVersion } from './connection';

/** Why there is no connection, and what to do about it; without secrets. */
export function connectionProblem(end: ConnectionEnd, access: BrokerAccess, version: ProtocolVersion): SensebindError {
  const broker = withoutSecrets(access.url);
  switch (end.kind) {
    case 'version-refused':
      return new SensebindError(
        'BROKER_REFUSED',
        `expected ${broker} to speak MQTT ${version}, found that it refuses this version`,
        'set broker.protocol to auto',
      );
    case 'refused':
      return new SensebindError(
        'BROKER_REFUSED',
        `expected ${broker} to accept the node "${access.clientId}", found: ${end.reason}`,
        end.cure,
      );
    case 'unanswered':
    case 'lost':
      if (end.kind === 'lost' && end.because === 'taken-over') return takenOver(broker, access);
      return new SensebindError(
        'BROKER_UNREACHABLE',
        `expected a connection to ${broker}, found: ${end.reason}`,
        'check that the broker runs, its address and port, and the network; trying again',
      );
  }
}

function takenOver(broker: string, { clientId }: BrokerAccess): SensebindError {
  return new SensebindError(
    'BROKER_REFUSED',
    `expected the client id "${clientId}" at ${broker} for this node alone, found that another client connected with it`,
    'give each node an id of its own ("node" in its configuration); this one waits before it connects again',
  );
}
