import Type, { type Static } from '#typebox';
import { ID_PATTERN } from '../../runtime/mqtt/topics';
import type { Modality } from '../../runtime/reading';
import type { Closing, Controller, Host } from './defineNode';
import type { Lease } from './shared';
import { SourceFeed, statusOfFeed } from './sourceFeed';
import { acquireSource, type DeviceOptions, type RunningSource } from './sources';

/** What a source may be called in the settings of a node. */
export const SourceName = Type.Optional(
  Type.String({ pattern: ID_PATTERN, title: 'a name of 1 to 64 letters a-z, digits, "-" or "_"' }),
);

/** Settings of every node that reads one device. */
export const SourceSettings = Type.Object({
  source: SourceName,
  device: Type.Object({ kind: Type.String({ title: 'a kind of device' }) }, { additionalProperties: true }),
});
export type SourceSettings = Static<typeof SourceSettings>;

/** Reads one device and sends each reading as a message. */
export class SourceController implements Controller {
  readonly #host: Host<SourceSettings>;
  readonly #modality: Modality;
  readonly #feed: SourceFeed;
  #lease: Lease<RunningSource> | undefined;

  constructor(host: Host<SourceSettings>, modality: Modality) {
    const { id, clock, settings, status, send, fail } = host;
    this.#host = host;
    this.#modality = modality;
    this.#feed = new SourceFeed({
      key: id,
      source: settings.source ?? defaultSource(modality, id),
      modality,
      clock,
      send,
      fail,
      changed: () => status.set(statusOfFeed(this.#feed)),
    });
  }

  async start(): Promise<void> {
    const { id, settings, userFolder, closing } = this.#host;
    const lease = await acquireSource({
      node: id,
      source: this.#feed.source,
      modality: this.#modality,
      device: settings.device as DeviceOptions,
      folder: userFolder,
    });
    if (closing.aborted) return lease.release();
    this.#lease = lease;
    lease.resource.attach(this.#feed);
  }

  async close({ isLast }: Pick<Closing, 'isLast'>): Promise<void> {
    this.#lease?.resource.detach(this.#feed);
    this.#feed.forget();
    await this.#lease?.release({ now: isLast });
  }
}

/** A name that stays: nothing but the id of the node decides it. */
export function defaultSource(modality: string, nodeId: string): string {
  return `${modality}-${nodeId
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .slice(0, 8)}`;
}
