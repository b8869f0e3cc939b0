import type { NodeAPI } from 'node-red';
import { SensebindError } from '../../runtime/errors';
import { controllerOf, registerNode } from '../shared/defineNode';
import { nodeError } from '../shared/nodeError';
import { readSettings } from '../shared/settings';
import { BrokerController, testBroker } from './controller';
import { type BrokerCredentials, BrokerSettings } from './settings';

const TYPE = 'sensebind-broker';

/** What the editor has for a password that it does not know. */
const UNKNOWN_PASSWORD = '__PWRD__';

export default function register(RED: NodeAPI): void {
  registerNode(RED, {
    type: TYPE,
    settings: BrokerSettings,
    credentials: { username: { type: 'text' }, password: { type: 'password' } },
    create: (host) => new BrokerController(host),
  });
  // The button of the dialog: what is in the fields, before it is deployed.
  RED.httpAdmin.post('/sensebind/broker/test', RED.auth.needsPermission('sensebind.write'), (request, response) => {
    void testOf(RED, request.body).then(
      (version) => response.json({ connected: true, version }),
      (error: unknown) => {
        const { code, message } = nodeError(error);
        response.json({ connected: false, code, message });
      },
    );
  });
}

async function testOf(RED: NodeAPI, body: unknown): Promise<string> {
  const { id, username, password, ...definition } = fieldsOf(body);
  const settings = readSettings(definition, { type: TYPE, schema: BrokerSettings, migrations: [] });
  const deployed = controllerOf(RED.nodes.getNode(String(id)));
  const known = deployed instanceof BrokerController ? deployed : undefined;
  return testBroker(settings, {
    ...text('username', username),
    ...passwordOf(password, { known, url: settings.url }),
  });
}

/** A password that was typed in is sent where the field says; one that is stored, only to the broker that it is for. */
function passwordOf(
  password: unknown,
  { known, url }: { readonly known: BrokerController | undefined; readonly url: string },
): BrokerCredentials {
  if (password !== UNKNOWN_PASSWORD) return text('password', password);
  if (known?.url === url) return { password: known.credentials['password'] };
  throw new SensebindError(
    'CONFIG_INVALID',
    'expected the password of this broker, found one that was saved with another address',
    'type the password again, or deploy first',
  );
}

function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? { ...body } : {};
}

function text(name: string, value: unknown): BrokerCredentials {
  return typeof value === 'string' && value !== '' ? { [name]: value } : {};
}
