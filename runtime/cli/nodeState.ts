import path from 'node:path';
import { sensebindStateDirectory } from '../../models/bundle/installation';

/** Where a node keeps what is to last over a restart. */
export interface NodeState {
  /** Folder that says which sources are muted. */
  readonly muted: string;
  /** Folder that says which sources are disabled by commands. */
  readonly disabled: string;
  /** File of label sets that were changed by commands. */
  readonly labels: string;
  /** Folder of the recordings that commands begin. */
  readonly recordings: string;
  /** File of the events that go on. */
  readonly events: string;
  /** File of what Home Assistant was told of. */
  readonly discovery: string;
  /** File of what the broker keeps of this node. */
  readonly retained: string;
  /** Folder of messages that must arrive, unless the configuration says another. */
  readonly spool: string;
}

/** @param node - Id of the node. */
export function nodeState(node: string): NodeState {
  const at = (name: string): string => path.join(sensebindStateDirectory(), 'nodes', node, name);
  return {
    muted: at('muted'),
    disabled: at('disabled'),
    labels: at('labels.json'),
    recordings: at('recordings'),
    events: at('events.json'),
    discovery: at('discovery.json'),
    retained: at('retained.json'),
    spool: at('spool'),
  };
}
