import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/defineNode';
import { SenseController } from './controller';
import { SenseSettings } from './settings';

export default function register(RED: NodeAPI): void {
  registerNode(RED, {
    type: 'sensebind-sense',
    settings: SenseSettings,
    create: (host) => new SenseController(host),
  });
}
