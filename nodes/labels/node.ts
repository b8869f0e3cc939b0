import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/defineNode';
import { LabelsController } from './controller';
import { latestScores } from './latest';
import { LabelsSettings } from './settings';

export default function register(RED: NodeAPI): void {
  // Asked for by the dialog while it is open.
  RED.httpAdmin.get('/sensebind/labels/:node', RED.auth.needsPermission('sensebind.read'), (request, response) => {
    response.set('Cache-Control', 'no-store').json(latestScores.of(String(request.params['node'])));
  });
  registerNode(RED, {
    type: 'sensebind-labels',
    settings: LabelsSettings,
    create: (host) => new LabelsController(host),
  });
}
