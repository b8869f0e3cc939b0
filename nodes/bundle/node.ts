import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/defineNode';
import { BundleController, BundleSettings } from './controller';

export default function register(RED: NodeAPI): void {
  registerNode(RED, {
    type: 'sensebind-bundle',
    settings: BundleSettings,
    create: (host) => new BundleController(host),
  });
}
