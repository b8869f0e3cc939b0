import type { NodeAPI } from 'node-red';
import { registerSourceRoutes } from '../shared/sourceRoutes';
import { registerLive } from './liveEndpoint';
import { registerWords } from './wordsEndpoint';

/** What the dialogs of all our nodes ask the runtime, behind the permission to read. */
export default function register(RED: NodeAPI): void {
  registerSourceRoutes(RED);
  registerLive(RED);
  registerWords(RED);
  RED.plugins.registerPlugin('sensebind-palette', { type: 'sensebind' });
}
