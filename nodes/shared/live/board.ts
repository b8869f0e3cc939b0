import type { Modality, Reading } from '../../../runtime/reading';
import type { SourceStatus } from '../../../runtime/source';

/** What is known of a source at the moment. */
export interface LiveSource {
  readonly source: string;
  readonly modality: Modality;
  readonly status: SourceStatus;
}

/**
 * What the sidebar and the live page show, of all nodes in the process: only references to the newest of each, so that it
 * costs nothing while nobody looks.
 */
export class LiveBoard {
  readonly #sources = new Map<string, LiveSource>();
  readonly #readings = new Map<string, Reading>();

  /** @param node - Id of the node. */
  status(node: string, source: LiveSource): void {
    this.#sources.set(node, source);
  }

  reading(node: string, reading: Reading): void {
    this.#readings.set(node, reading);
  }

  forget(node: string): void {
    this.#sources.delete(node);
    this.#readings.delete(node);
  }

  sources(): ReadonlyMap<string, LiveSource> {
    return this.#sources;
  }

  newest(node: string): Reading | undefined {
    return this.#readings.get(node);
  }
}

/** The one of this process. */
export const liveBoard = new LiveBoard();
