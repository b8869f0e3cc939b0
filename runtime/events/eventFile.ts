import { StateFile } from '../stateFile';
import type { DetectorMemory } from './detector';
import { decodeMemory, encodeMemory } from './memorySchema';

/** The memory of a detector in a file. */
export class EventFile extends StateFile<DetectorMemory> {
  /** @param onSetAside - Told where a file is now that this version cannot read. */
  constructor(file: string, onSetAside?: (file: string) => void) {
    super({ file, what: 'the events that went on', decode: decodeMemory, encode: encodeMemory, onSetAside });
  }
}
