import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/defineNode';
import { EncodeController, EncodeSettings } from './controller';

export default function register(RED: NodeAPI): void {
  registerNode(RED, {
    type: 'sensebind-encode',
    settings: EncodeSettings,
    create: (host) => new EncodeController(host),
  });
}
