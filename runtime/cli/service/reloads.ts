import { deviceDeclarations } from '../../../devices/catalogue';
import { readConfig } from '../../config/readConfig';
import { knownError } from '../../knownError';
import { checkSources } from '../checkSources';
import type { RunningNode } from '../runConfig';
import type { ServiceEvent } from './serviceEvent';

export interface ReloadsOptions {
  /** Path of the configuration. */
  readonly file: string;
  readonly node: Pick<RunningNode, 'pipeline' | 'open'>;
  readonly log: (event: ServiceEvent) => void;
  readonly onBegin: () => void;
  /** Whether the new configuration was taken or not. */
  readonly onEnd: () => void;
}

/** Reads the configuration again when it is asked to; one that is not valid changes nothing. */
export class Reloads {
  readonly #options: ReloadsOptions;
  #isRunning: boolean = false;
  /** Asked for again meanwhile: the file may have changed after it was read. */
  #isWanted: boolean = false;

  constructor(options: ReloadsOptions) {
    this.#options = options;
  }

  /** Soon. Never throws. */
  ask(): void {
    this.#isWanted = true;
    if (!this.#isRunning) void this.#reload();
  }

  async #reload(): Promise<void> {
    const { file, node, log, onBegin, onEnd } = this.#options;
    this.#isRunning = true;
    onBegin();
    while (this.#isWanted) {
      this.#isWanted = false;
      try {
        const config = await readConfig(file, deviceDeclarations);
        await checkSources(config);
        log({ kind: 'reloaded', change: await node.pipeline.reconfigure(config, node.open) });
      } catch (error) {
        log({ kind: 'reload-refused', error: knownError('configuration', error) });
      }
    }
    this.#isRunning = false;
    onEnd();
  }
}
