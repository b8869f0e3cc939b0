import type { Clock } from '../clock';
import type { ControlServices } from '../commands/nodeControl';
import type { Config } from '../config/config';
import type { PipelineEvent } from '../pipelineEvent';
import type { FrameMemory } from '../reading';
import { SwitchedOff } from '../switchedOff';
import { LabelFile } from '../zeroshot/labelFile';
import { NodeRecordings } from './nodeRecordings';
import { nodeState } from './nodeState';

/**
 * What the commands of a node need of its machine: its state folder, and its recordings.
 *
 * @throws {SensebindError} `STATE_INVALID` for a state folder that cannot be read.
 */
export async function nodeServices(
  config: Config,
  parts: {
    readonly clock: Clock;
    readonly log: (event: PipelineEvent) => void;
    readonly memory: FrameMemory;
    readonly mutes: SwitchedOff;
    /** The program and its version. */
    readonly library: string;
    /** Told where a file is now that this version cannot read. */
    readonly setAside: (file: string) => void;
  },
): Promise<{ readonly disabled: SwitchedOff; readonly services: ControlServices }> {
  const { clock, log, memory, mutes, library, setAside } = parts;
  const state = nodeState(config.node);
  const disabled = await SwitchedOff.open(state.disabled, clock);
  const recordings = new NodeRecordings({
    folder: state.recordings,
    library,
    clock,
    memory,
    onFailed: (error) => log({ kind: 'failed', source: 'recording', error }),
  });
  return {
    disabled,
    services: { labelStore: new LabelFile(state.labels, setAside), switches: { mutes, disabled }, recordings },
  };
}
