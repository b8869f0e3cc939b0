import type { EventEmitter } from 'node:events';
import type { NodeAPI } from 'node-red';

interface Flows {
  /** Nodes that are closed now do not come back. */
  isStopping: boolean;
  /** Some nodes may not be there yet. */
  isStarting: boolean;
  /** Called when all nodes are there. */
  readonly waiting: (() => void)[];
}

/** By the events of the runtime: each module has a RED of its own. */
const known = new WeakMap<EventEmitter, Flows>();

/** Begins to notice whether flows start, and whether they are stopped rather than deployed anew. */
export function watchFlows({ events }: Pick<NodeAPI, 'events'>): void {
  if (known.has(events)) return;
  const flows: Flows = { isStopping: false, isStarting: true, waiting: [] };
  known.set(events, flows);
  events.on('flows:stopping', ({ diff }: { readonly diff?: object }) => {
    // Node-RED closes nodes alike in both cases; but only a deploy has compared two flows (runtime/lib/flows/util.js).
    flows.isStopping = diff === undefined || !('globalConfigChanged' in diff);
  });
  events.on('flows:starting', () => {
    flows.isStarting = true;
  });
  events.on('flows:started', () => {
    flows.isStarting = false;
    for (const callback of flows.waiting.splice(0)) callback();
  });
}

/** Nodes that are closed now do not come back: Node-RED ends, or somebody stopped the flows. */
export function isStopping({ events }: Pick<NodeAPI, 'events'>): boolean {
  return known.get(events)?.isStopping === true;
}

/**
 * Calls back when all nodes are there, at once where they are: what a configuration node says before is heard by no Catch
 * node and shown at no user of it.
 */
export function whenStarted({ events }: Pick<NodeAPI, 'events'>, callback: () => void): void {
  const flows = known.get(events);
  if (flows?.isStarting === true) flows.waiting.push(callback);
  else callback();
}
