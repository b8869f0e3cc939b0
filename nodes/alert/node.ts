import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/defineNode';
import { AlertController } from './controller';
import { AlertSettings } from './settings';

export default function register(RED: NodeAPI): void {
  registerNode(RED, {
    type: 'sensebind-alert',
    settings: AlertSettings,
    create: (host) => new AlertController(host),
  });
}
