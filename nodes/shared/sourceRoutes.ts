import type { NodeAPI } from 'node-red';
import type { DeviceDeclaration } from '../../devices/device';
import { machinePorts } from '../../devices/ports/ports';
import { systemClock } from '../../runtime/clock';
import { deviceModalities, devicesOf, isSimulated } from './deviceKinds';
import { nodeError } from './nodeError';
import { runningSources } from './sourceFeed';
import { sourceMutes } from './sources';

/** What the editor asks about devices and sources: to read needs the permission `sensebind.read`, to mute `sensebind.write`. */
export function registerSourceRoutes({ httpAdmin, auth }: Pick<NodeAPI, 'httpAdmin' | 'auth'>): void {
  const mayRead = auth.needsPermission('sensebind.read');
  const mayWrite = auth.needsPermission('sensebind.write');
  // All kinds of all modalities, without looking for devices: for dialogs that nobody has opened.
  httpAdmin.get('/sensebind/devices', mayRead, (_request, response) => {
    response.json(
      Object.fromEntries(
        deviceModalities.map((modality) => [
          modality,
          devicesOf(modality).map((kind) => ({ ...shown(kind), found: [] })),
        ]),
      ),
    );
  });
  httpAdmin.get('/sensebind/devices/:modality', mayRead, (request, response) => {
    const modality = String(request.params['modality']);
    if (!deviceModalities.includes(modality)) {
      response.status(404).json({ message: `no device of the modality ${JSON.stringify(modality)} is known` });
      return;
    }
    const ports = machinePorts(systemClock);
    const kinds = devicesOf(modality).map(async (kind) => ({
      ...shown(kind),
      found: (await kind.discover?.(ports)) ?? [],
    }));
    Promise.all(kinds).then(
      (answer) => response.json(answer),
      (error: unknown) => response.status(500).json(problemOf(error)),
    );
  });
  for (const change of ['mute', 'unmute'] as const) {
    // Named as on the live board: the id of a node, and more for a node with several sources.
    httpAdmin.post(`/sensebind/sources/:key/${change}`, mayWrite, (request, response) => {
      const source = runningSources.get(String(request.params['key']));
      if (source === undefined) {
        response.status(404).json({ message: 'there is no such source' });
        return;
      }
      const isMuted = change === 'mute';
      sourceMutes()
        .then((mutes) => mutes.set(source, isMuted))
        .then(
          () => response.json({ source, isMuted }),
          (error: unknown) => response.status(500).json(problemOf(error)),
        );
    });
  }
}

function shown(declaration: DeviceDeclaration): object {
  const { kind, title, options } = declaration;
  return { kind, title, options, isSimulated: isSimulated(declaration) };
}

function problemOf(error: unknown): { readonly code: string; readonly message: string } {
  const { code, message } = nodeError(error);
  return { code, message };
}
