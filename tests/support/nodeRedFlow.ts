import type { Flow } from './nodeRed';

/** A tab, and where its nodes stand: without `x` and `y` Node-RED takes a node for a configuration node. */
export const TAB = { id: 'tab', type: 'tab', label: 'flow' } as const;
const PLACE = { z: 'tab', x: 100, y: 100 } as const;

/** A node of a flow, wired to others by their ids. */
export function flowNode(
  id: string,
  type: string,
  { wires, ...properties }: { readonly wires: readonly string[]; readonly [property: string]: unknown },
): Flow[number] {
  return { ...PLACE, id, type, wires: [wires], ...properties };
}

/** Sends messages as soon as the flow runs. @param code - JavaScript of an array of messages. */
export function sender(code: string, wires: readonly string[]): Flow {
  return [
    flowNode('once', 'inject', { wires: ['maker'], once: true, onceDelay: 0.1, repeat: '', props: [] }),
    flowNode('maker', 'function', { wires, func: `return [${code}];`, outputs: 1, libs: [] }),
  ];
}

/** A Catch node, wired to the sink: what it sends has the error of some node. */
export const CATCHER = flowNode('catcher', 'catch', { wires: ['sink'], scope: null, uncaught: false });

/** A Status node for some nodes, wired to the sink. */
export function statusOf(scope: readonly string[]): Flow[number] {
  return flowNode('status', 'status', { wires: ['sink'], scope });
}
