import * as broker from './broker';
import * as device from './device';
import * as identifiers from './identifiers';

/** What the dialogs of our nodes call. */
const Sensebind = { ...broker, ...device, ...identifiers };

declare global {
  interface Window {
    Sensebind: typeof Sensebind;
  }
}

window.Sensebind = Sensebind;
