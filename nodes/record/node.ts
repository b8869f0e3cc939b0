import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/defineNode';
import { RecordController, RecordSettings } from './controller';

export default function register(RED: NodeAPI): void {
  registerNode(RED, {
    type: 'sensebind-record',
    settings: RecordSettings,
    create: (host) => new RecordController(host),
  });
}
