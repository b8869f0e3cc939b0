import type { NodeAPI } from 'node-red';
import { machinePorts } from '../../devices/ports/ports';
import { systemClock } from '../../runtime/clock';
import { devicesOf } from '../shared/sources';
import { registerLive } from './liveEndpoint';
import { registerWords } from './wordsEndpoint';

/** What the dialogs of all our nodes ask the runtime, behind the permission to read. */
export default function register(RED: NodeAPI): void {
  const mayRead = RED.auth.needsPermission('sensebind.read');
  RED.httpAdmin.get('/sensebind/devices/:modality', mayRead, (request, response) => {
    const ports = machinePorts(systemClock);
    const kinds = devicesOf(String(request.params['modality'])).map(async ({ kind, title, options, discover }) => ({
      kind,
      title,
      options,
      found: (await discover?.(ports)) ?? [],
    }));
    void Promise.all(kinds).then(
      (answer) => response.json(answer),
      (error: unknown) => response.status(500).json({ message: String(error) }),
    );
  });
  registerLive(RED);
  registerWords(RED);
  RED.plugins.registerPlugin('sensebind-palette', { type: 'sensebind' });
}
