import * as device from './device';
import * as identifiers from './identifiers';
import { addSidebar } from './live/sidebar';

/** What the dialogs of our nodes call. */
const Sensebind = { ...device, ...identifiers };

declare global {
  interface Window {
    Sensebind: typeof Sensebind;
  }
}

window.Sensebind = Sensebind;

RED.plugins.registerPlugin('sensebind-sidebar', { type: 'sensebind', onadd: addSidebar } as never);
