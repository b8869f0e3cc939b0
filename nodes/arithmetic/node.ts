import type { NodeAPI } from 'node-red';
import { registerNode } from '../shared/defineNode';
import { ArithmeticController, ArithmeticSettings } from './controller';

export default function register(RED: NodeAPI): void {
  registerNode(RED, {
    type: 'sensebind-arithmetic',
    settings: ArithmeticSettings,
    create: (host) => new ArithmeticController(host),
  });
}
