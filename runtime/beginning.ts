import type { DetectorMemory } from './events/detector';
import type { KnownPages } from './mqtt/discovery/pages';
import type { RetainedThing } from './mqtt/retained/retainedFile';
import type { PipelineOptions } from './pipelineOptions';
import { LabelBook } from './zeroshot/labelBook';
import { LabelSets } from './zeroshot/labelSets';

/** What a pipeline begins with, made before anything is read. */
export interface Beginning {
  readonly labelSets: LabelSets;
  readonly book: LabelBook;
  readonly memory: DetectorMemory | undefined;
  /** What Home Assistant was told of last time. */
  readonly known: KnownPages | undefined;
  /** What processes before this one left with the broker. */
  readonly retained: readonly RetainedThing[];
}

/**
 * Embeds the words of every label set, and reads what processes before left behind.
 *
 * @throws {SensebindError} `WORD_UNKNOWN`, `MODALITY_UNKNOWN` for a bundle without text, `FILE_UNREADABLE`, and the engine's
 * errors.
 */
export async function begin(options: PipelineOptions): Promise<Beginning> {
  const { engine, config, control, eventStore, discoveryStore, retainedStore, onEvent } = options;
  const labelSets = new LabelSets({ embedText: (text) => engine.encode('text', { kind: 'text', text }) });
  const store = control?.labelStore;
  const book = await LabelBook.open({
    labelSets,
    configured: config.labelSets,
    ...(store === undefined ? {} : { store }),
    onFailed: (error) => onEvent({ kind: 'failed', source: 'labels', error }),
  });
  const memory = await eventStore?.load();
  const known = await discoveryStore?.load();
  return { labelSets, book, memory, known, retained: (await retainedStore?.load()) ?? [] };
}
