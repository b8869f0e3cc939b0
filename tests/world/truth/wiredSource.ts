import type { Modality, Reading } from '../../../runtime/reading';
import { FedSource } from './fedSource';
import { openWire, type Wire, type WireContext } from './wires';

/** A source at the end of a wire: what its sensor sees comes as bytes, through the decoder of a driver. */
export class WiredSource extends FedSource {
  readonly #context: WireContext;
  #wire: Wire;

  constructor(id: string, modality: Modality, context: Omit<WireContext, 'sink' | 'source'>) {
    super(id, modality);
    this.#context = {
      ...context,
      source: id,
      sink: { reading: (reading) => this.feed(reading), lost: (reason, amount) => this.lose(reason, amount) },
    };
    this.#wire = openWire(this.#context);
  }

  /** A device that has just been opened knows nothing of what came before. */
  override plugIn(): void {
    this.#wire = openWire(this.#context);
    super.plugIn();
  }

  /** What the sensor sees at this moment; lost where it is unplugged. */
  see(seen: Reading): void {
    if (this.status.state === 'online') this.#wire(seen);
  }
}
