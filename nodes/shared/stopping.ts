import type { EventEmitter } from 'node:events';
import type { NodeAPI } from 'node-red';

/** By the events of the runtime: each module has a RED of its own. */
const stopping = new WeakMap<EventEmitter, boolean>();

/** Begins to notice whether all flows are stopped, rather than deployed anew. */
export function watchStopping({ events }: Pick<NodeAPI, 'events'>): void {
  if (stopping.has(events)) return;
  stopping.set(events, false);
  events.on('flows:stopping', ({ diff }: { readonly diff?: object }) => {
    // Node-RED closes nodes alike in both cases; but only a deploy has compared two flows (runtime/lib/flows/util.js).
    stopping.set(events, diff === undefined || !('globalConfigChanged' in diff));
  });
}

/** Nodes that are closed now do not come back: Node-RED ends, or somebody stopped the flows. */
export function isStopping({ events }: Pick<NodeAPI, 'events'>): boolean {
  return stopping.get(events) === true;
}
