import path from 'node:path';
import type { OpenMessages } from '../../devices/ports/messages';
import { machinePorts } from '../../devices/ports/ports';
import { sensebindStateDirectory } from '../../models/bundle/installation';
import { type Millis, systemClock } from '../../runtime/clock';
import { MutableSource } from '../../runtime/mutableSource';
import { Mutes } from '../../runtime/mutes';
import { decodeGray16, decodePicture } from '../../runtime/preprocess/pictureFile';
import type { Modality } from '../../runtime/reading';
import { type Source, type SourceEvents, SupervisedSource } from '../../runtime/source';
import { collectedMemory } from './collectedMemory';
import { type DeviceOptions, declarationOf, deviceOptions } from './deviceKinds';
import { type Lease, SharedResources } from './shared';

export type { DeviceOptions } from './deviceKinds';

/** Long enough for a deploy, short enough that nobody waits for a device to become free. */
const GRACE = 3000 as Millis;

const running = new SharedResources<RunningSource>({ clock: systemClock, grace: GRACE });

/** What identifies a device that is open: two that may be the same have the same address. */
interface Opened {
  readonly node: string;
  readonly source: string;
  readonly address: string;
}

const opened = new Map<string, Opened>();

export interface ChosenSource {
  /** The name that its readings carry. */
  readonly source: string;
  readonly modality: Modality;
  readonly device: DeviceOptions;
  /** Relative paths of the options start here. */
  readonly folder: string;
  /** Brings what boards publish. */
  readonly messages?: OpenMessages;
}

/**
 * Opens a device, or goes on with the one that a node with the same settings had before a deploy: it is then neither
 * closed nor opened. What was open only for such a deploy, and may be the same device, is closed before.
 *
 * @param options - `node` is the id of the node, whose device it is.
 * @throws {SensebindError} `CONFIG_INVALID`; `STATE_INVALID` where it is not known whether it is muted.
 */
export async function acquireSource(
  options: Omit<ChosenSource, 'messages'> & { readonly node: string },
): Promise<Lease<RunningSource>> {
  const { node, source, device, folder } = options;
  const key = JSON.stringify([node, source, device, folder]);
  const address = addressOf(device);
  if (!running.has(key)) {
    await running.closeIdle((idle) => {
      const other = opened.get(idle);
      return other !== undefined && (other.address === address || (other.node === node && other.source === source));
    });
  }
  return running.acquire(key, async () => {
    const resource = await createSource(options);
    opened.set(key, { node, source, address });
    return new RunningSource(resource, () => opened.delete(key));
  });
}

/**
 * A source that nobody shares and that is not started.
 *
 * @throws {SensebindError} as {@link acquireSource}.
 */
export async function createSource({
  source,
  modality,
  device,
  folder,
  messages,
}: ChosenSource): Promise<MutableSource> {
  const declaration = declarationOf(device, modality);
  const driver = declaration.open(deviceOptions(device, declaration), {
    source,
    clock: systemClock,
    folder,
    memory: collectedMemory,
    decodeGray16,
    decodePicture,
    ports: { ...machinePorts(systemClock), ...(messages === undefined ? {} : { messages }) },
  });
  const create = (): Source => new SupervisedSource(source, driver, { clock: systemClock });
  return new MutableSource(source, driver.modality, { create, mutes: await sourceMutes() });
}

let mutes: Promise<Mutes> | undefined;

/** Which sources of this machine's flows are muted: kept over a restart. */
export function sourceMutes(): Promise<Mutes> {
  mutes ??= Mutes.open(path.join(sensebindStateDirectory(), 'node-red', 'muted'), systemClock).catch(
    (error: unknown) => {
      // Whoever asks next tries again.
      mutes = undefined;
      throw error;
    },
  );
  return mutes;
}

/** Options that say which device it is, in whatever kind has them. */
const ADDRESS_OPTIONS = ['device', 'path', 'url', 'host', 'port', 'name', 'place', 'sensorId', 'file', 'folder'];

function addressOf(device: DeviceOptions): string {
  const places = ADDRESS_OPTIONS.flatMap((option) => (device[option] === undefined ? [] : [device[option]]));
  return JSON.stringify(places.length === 0 ? [device.kind] : places);
}

/** A source that runs, and tells one node at a time: the one that took it over last. */
export class RunningSource {
  readonly source: MutableSource;
  readonly #onClosed: () => void;
  #events: SourceEvents | undefined;
  #isStarted: boolean = false;
  #hasEnded: boolean = false;

  constructor(source: MutableSource, onClosed: () => void) {
    this.source = source;
    this.#onClosed = onClosed;
  }

  /** From now on `events` are told; the device is started with the first who takes it. */
  attach(events: SourceEvents): void {
    this.#events = events;
    events.status(this.source.status);
    if (this.#hasEnded) events.ended();
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.source.start({
      reading: (reading) => this.#events?.reading(reading),
      lost: (reason, amount) => this.#events?.lost(reason, amount),
      interrupted: () => this.#events?.interrupted(),
      status: (status) => {
        this.#hasEnded = false;
        this.#events?.status(status);
      },
      ended: () => {
        this.#hasEnded = true;
        this.#events?.ended();
      },
    });
  }

  /** `events` are told nothing more; another node's are not touched. */
  detach(events: SourceEvents): void {
    if (this.#events === events) this.#events = undefined;
  }

  async close(): Promise<void> {
    await this.source.close();
    this.#onClosed();
  }
}
