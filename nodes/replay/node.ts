import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/defineNode';
import { ReplayController, ReplaySettings } from './controller';

export default function register(RED: NodeAPI): void {
  registerNode(RED, {
    type: 'sensebind-replay',
    settings: ReplaySettings,
    create: (host) => new ReplayController(host),
  });
}
