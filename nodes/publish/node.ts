import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/defineNode';
import { PublishController, PublishSettings } from './controller';

export default function register(RED: NodeAPI): void {
  registerNode(RED, {
    type: 'sensebind-publish',
    settings: PublishSettings,
    create: (host) => new PublishController(host),
  });
}
