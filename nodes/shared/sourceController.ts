import Type, { type Static } from 'typebox';
import { ID_PATTERN } from '../../runtime/mqtt/topics';
import { Rate } from '../../runtime/rate';
import type { Modality, Reading } from '../../runtime/reading';
import type { SourceEvents, SourceStatus } from '../../runtime/source';
import type { Controller, Host } from './defineNode';
import { liveBoard } from './live/board';
import { nodeError } from './nodeError';
import { ORIGIN, type Origin, readingPayload } from './payloads';
import type { Lease } from './shared';
import { acquireSource, type DeviceOptions, type RunningSource } from './sources';
import type { NodeStatus } from './statusLine';

/** Settings of every node that reads one device. */
export const SourceSettings = Type.Object({
  source: Type.Optional(
    Type.String({ pattern: ID_PATTERN, title: 'a name of 1 to 64 letters a-z, digits, "-" or "_"' }),
  ),
  device: Type.Object({ kind: Type.String({ title: 'a kind of device' }) }, { additionalProperties: true }),
});
export type SourceSettings = Static<typeof SourceSettings>;

/** Reads one device and sends each reading as a message. */
export class SourceController implements Controller {
  readonly #host: Host<SourceSettings>;
  readonly #modality: Modality;
  readonly #source: string;
  readonly #rate: Rate;
  readonly #events: SourceEvents;
  #lease: Lease<RunningSource> | undefined;
  #lost = 0;

  constructor(host: Host<SourceSettings>, modality: Modality) {
    this.#host = host;
    this.#modality = modality;
    this.#source = host.settings.source ?? defaultSource(modality, host.id);
    this.#rate = new Rate(host.clock);
    this.#events = {
      reading: (reading) => this.#send(reading),
      lost: (_reason, amount) => {
        this.#lost += amount;
      },
      interrupted: () => undefined,
      status: (status) => this.#tell(status),
      ended: () => host.status.set({ fill: 'grey', shape: 'dot', text: 'played to its end' }),
    };
  }

  async start(): Promise<void> {
    const host = this.#host;
    const { device } = host.settings;
    const lease = await acquireSource({
      node: host.id,
      source: this.#source,
      device: device as DeviceOptions,
      folder: process.cwd(),
    });
    if (host.closing.aborted) return lease.release({ now: true });
    this.#lease = lease;
    lease.resource.attach(this.#events);
  }

  async close({ isRemoved }: { readonly isRemoved: boolean }): Promise<void> {
    this.#lease?.resource.detach(this.#events);
    liveBoard.forget(this.#host.id);
    await this.#lease?.release({ now: isRemoved });
  }

  #send(reading: Reading): void {
    const { send, status, id } = this.#host;
    const at = { monotonicMicros: reading.monotonicMicros, epochMicros: reading.timeMicros };
    const origin: Origin = { kind: 'reading', source: this.#source, modality: this.#modality, at };
    this.#rate.add();
    liveBoard.reading(id, reading);
    status.set({ fill: 'green', shape: 'dot', text: this.#figures() });
    send({ topic: this.#source, payload: readingPayload(reading), [ORIGIN]: origin });
  }

  #tell(status: SourceStatus): void {
    const host = this.#host;
    liveBoard.status(host.id, { source: this.#source, modality: this.#modality, status });
    host.status.set(shown(status));
    if (status.error !== undefined) host.fail(nodeError(status.error));
  }

  #figures(): string {
    const rate = `${this.#rate.perSecond().toFixed(1)}/s`;
    return this.#lost === 0 ? rate : `${rate}, ${this.#lost} lost`;
  }
}

/** A name that stays: nothing but the id of the node decides it. */
export function defaultSource(modality: string, nodeId: string): string {
  return `${modality}-${nodeId
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .slice(0, 8)}`;
}

function shown({ state, reason = '' }: SourceStatus): NodeStatus {
  switch (state) {
    case 'online':
      return { fill: 'green', shape: 'dot', text: 'online' };
    case 'offline':
      return { fill: 'red', shape: 'ring', text: reason === '' ? 'offline' : `offline: ${reason}`.slice(0, 60) };
    case 'degraded':
      return { fill: 'yellow', shape: 'ring', text: `degraded: ${reason}`.slice(0, 60) };
    case 'disabled':
      return { fill: 'grey', shape: 'ring', text: reason };
  }
}
