import * as device from './device';
import * as deviceKinds from './deviceKinds';
import * as identifiers from './identifiers';
import { addSidebar } from './live/sidebar';
import * as numbers from './numbers';
import * as words from './words';

/** What the dialogs of our nodes call. */
const Sensebind = { ...device, ...deviceKinds, ...identifiers, ...numbers, ...words };

declare global {
  interface Window {
    Sensebind: typeof Sensebind;
  }
}

window.Sensebind = Sensebind;

RED.plugins.registerPlugin('sensebind-sidebar', { type: 'sensebind', onadd: addSidebar } as never);

// Without the permission to read there is nothing to validate with.
void deviceKinds.loadEveryKind().catch(() => undefined);
