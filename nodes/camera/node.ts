import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/defineNode';
import { SourceController, SourceSettings } from '../shared/sourceController';

export default function register(RED: NodeAPI): void {
  registerNode(RED, {
    type: 'sensebind-camera',
    settings: SourceSettings,
    create: (host) => new SourceController(host, 'vision'),
  });
}
