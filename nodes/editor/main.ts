import * as bundle from './bundle';
import * as device from './device';
import * as duration from './duration';
import * as identifiers from './identifiers';
import * as rows from './rows';

/** What the dialogs of our nodes call. */
const Sensebind = { ...bundle, ...device, ...duration, ...identifiers, ...rows };

declare global {
  interface Window {
    Sensebind: typeof Sensebind;
  }
}

window.Sensebind = Sensebind;
