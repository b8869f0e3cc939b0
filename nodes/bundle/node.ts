import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/defineNode';
import { nodeError } from '../shared/nodeError';
import { BundleController, BundleSettings } from './controller';
import { summaryOf } from './summary';

export default function register(RED: NodeAPI): void {
  registerNode(RED, {
    type: 'sensebind-bundle',
    settings: BundleSettings,
    create: (host) => new BundleController(host),
  });
  const mayRead = RED.auth.needsPermission('sensebind.read');
  RED.httpAdmin.get('/sensebind/bundle', mayRead, (request, response) => {
    const { path, check } = request.query;
    const named = typeof path === 'string' && path !== '' ? path : undefined;
    summaryOf(named, { check: check === 'yes' }).then(
      (summary) => response.json(summary),
      (error: unknown) => {
        // The code alone: more would tell of files that are no bundle to whoever may only read.
        response.status(422).json({ code: nodeError(error).code });
      },
    );
  });
}
