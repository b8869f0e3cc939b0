import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/defineNode';
import { ReadingsInController, ReadingsInSettings } from './controller';

export default function register(RED: NodeAPI): void {
  registerNode(RED, {
    type: 'sensebind-readings-in',
    settings: ReadingsInSettings,
    create: (host) => new ReadingsInController(host),
  });
}
