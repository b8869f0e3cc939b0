import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/defineNode';
import { FuseController, FuseSettings } from './controller';

export default function register(RED: NodeAPI): void {
  registerNode(RED, {
    type: 'sensebind-fuse',
    settings: FuseSettings,
    create: (host) => new FuseController(host),
  });
}
