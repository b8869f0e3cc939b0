import * as device from './device';
import * as deviceKinds from './deviceKinds';
import * as identifiers from './identifiers';
import * as numbers from './numbers';

/** What the dialogs of our nodes call. */
const Sensebind = { ...device, ...deviceKinds, ...identifiers, ...numbers };

declare global {
  interface Window {
    Sensebind: typeof Sensebind;
  }
}

window.Sensebind = Sensebind;

// Without the permission to read there is nothing to validate with.
void deviceKinds.loadEveryKind().catch(() => undefined);
