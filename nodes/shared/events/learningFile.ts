import { rm } from 'node:fs/promises';
import path from 'node:path';
import Type from '#typebox';
import { Compile } from '#typebox/compile';
import { sensebindStateDirectory } from '../../../models/bundle/installation';
import { decodeMemory, encodeMemory } from '../../../runtime/events/memorySchema';
import { StateFile } from '../../../runtime/stateFile';
import type { LearningMemory } from './learningDetector';

const Name = Type.String({ minLength: 1, maxLength: 128 });

const Saved = Type.Object({
  format: Type.Literal('sensebind-node-events/1'),
  streams: Type.Array(
    Type.Union([
      Type.Object({ kind: Type.Literal('labels'), of: Name, labelSet: Name }),
      Type.Object({ kind: Type.Literal('readings'), of: Name, modality: Name }),
    ]),
    { maxItems: 64 },
  ),
  events: Type.String(),
});
const validator = Compile(Saved);

/** The events of one node that go on, in a file by the id of the node. */
export class LearningFile extends StateFile<LearningMemory> {
  readonly #file: string;

  /** @param onSetAside - Told where a file is now that this version cannot read. */
  constructor(node: string, onSetAside?: (file: string) => void) {
    const file = fileOf(node);
    super({ file, what: 'the events that went on', decode, encode, onSetAside });
    this.#file = file;
  }

  /** The node is gone for good. */
  async remove(): Promise<void> {
    await rm(this.#file, { force: true });
  }
}

/** Ids of nodes are what Node-RED or a person made them. */
function fileOf(node: string): string {
  return path.join(sensebindStateDirectory(), 'node-red', 'events', `${encodeURIComponent(node)}.json`);
}

function encode({ streams, detector }: LearningMemory): string {
  return JSON.stringify({ format: 'sensebind-node-events/1', streams, events: encodeMemory(detector) });
}

function decode(text: string): LearningMemory | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const detector = validator.Check(value) ? decodeMemory(value.events) : undefined;
    return validator.Check(value) && detector !== undefined ? { streams: value.streams, detector } : undefined;
  } catch {
    // Not JSON: cut off, or not ours.
    return undefined;
  }
}
