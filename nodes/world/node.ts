import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/defineNode';
import { WorldController, WorldSettings } from './controller';

export default function register(RED: NodeAPI): void {
  registerNode(RED, {
    type: 'sensebind-world',
    settings: WorldSettings,
    create: (host) => new WorldController(host),
  });
}
