import * as broker from './broker';
import * as bundle from './bundle';
import * as conditions from './conditions';
import * as device from './device';
import * as deviceKinds from './deviceKinds';
import * as duration from './duration';
import * as identifiers from './identifiers';
import * as knownWords from './knownWords';
import * as labelTable from './labelTable';
import { addSidebar } from './live/sidebar';
import * as numbers from './numbers';
import * as rows from './rows';
import * as words from './words';

/** What the dialogs of our nodes call. */
const Sensebind = {
  ...broker,
  ...bundle,
  ...conditions,
  ...device,
  ...deviceKinds,
  ...duration,
  ...identifiers,
  ...knownWords,
  ...labelTable,
  ...numbers,
  ...rows,
  ...words,
};

declare global {
  interface Window {
    Sensebind: typeof Sensebind;
  }
}

window.Sensebind = Sensebind;

RED.plugins.registerPlugin('sensebind-sidebar', { type: 'sensebind', onadd: addSidebar } as never);

// Without the permission to read there is nothing to validate with.
void deviceKinds.loadEveryKind().catch(() => undefined);

RED.events.on('deploy', () => knownWords.forgetUnanswered());
