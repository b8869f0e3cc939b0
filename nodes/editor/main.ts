import * as conditions from './conditions';
import * as device from './device';
import * as identifiers from './identifiers';
import * as labelTable from './labelTable';
import * as numbers from './numbers';
import * as words from './words';

/** What the dialogs of our nodes call. */
const Sensebind = { ...conditions, ...device, ...identifiers, ...labelTable, ...numbers, ...words };

declare global {
  interface Window {
    Sensebind: typeof Sensebind;
  }
}

window.Sensebind = Sensebind;
