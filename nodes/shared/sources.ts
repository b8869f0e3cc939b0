import path from 'node:path';
import { deviceDeclarations } from '../../devices/catalogue';
import type { DeviceDeclaration } from '../../devices/device';
import { machinePorts } from '../../devices/ports/ports';
import { sensebindStateDirectory } from '../../models/bundle/installation';
import { type Millis, systemClock } from '../../runtime/clock';
import { SensebindError } from '../../runtime/errors';
import { MutableSource } from '../../runtime/mutableSource';
import { decodeGray16, decodePicture } from '../../runtime/preprocess/pictureFile';
import type { Modality } from '../../runtime/reading';
import { type Source, type SourceEvents, SupervisedSource } from '../../runtime/source';
import { SwitchedOff } from '../../runtime/switchedOff';
import { collectedMemory } from './collectedMemory';
import { type Lease, SharedResources } from './shared';

/** Options of a device, `kind` among them: its own schema checks the rest. */
export type DeviceOptions = { readonly kind: string } & Readonly<Record<string, unknown>>;

/** Long enough for a deploy, short enough that nobody waits for a device to become free. */
const GRACE = 3000 as Millis;

const running = new SharedResources<RunningSource>({ clock: systemClock, grace: GRACE });

/** Kinds of devices of one modality. */
export function devicesOf(modality: Modality): readonly DeviceDeclaration[] {
  return deviceDeclarations.filter((declaration) => declaration.modality === modality);
}

/** @throws {SensebindError} `CONFIG_INVALID` for a kind that there is not. */
export function declarationOf({ kind }: DeviceOptions): DeviceDeclaration {
  const declaration = deviceDeclarations.find((candidate) => candidate.kind === kind);
  if (declaration !== undefined) return declaration;
  throw new SensebindError(
    'CONFIG_INVALID',
    `expected a kind of device, found "${kind}"`,
    `choose one of ${deviceDeclarations.map((candidate) => candidate.kind).join(', ')}`,
  );
}

/**
 * Opens a device, or goes on with the one that a node with the same settings had before a deploy: it is then neither
 * closed nor opened.
 *
 * @param options - `node` is the id of the node, whose device it is; `source` the name that its readings carry.
 * @throws {SensebindError} `CONFIG_INVALID`; `STATE_INVALID` where it is not known whether it is muted.
 */
export async function acquireSource(options: {
  readonly node: string;
  readonly source: string;
  readonly device: DeviceOptions;
  /** Relative paths of the options start here. */
  readonly folder: string;
}): Promise<Lease<RunningSource>> {
  const { node, source, device, folder } = options;
  return running.acquire(JSON.stringify([node, source, device, folder]), async () => {
    const driver = declarationOf(device).open(device, {
      source,
      clock: systemClock,
      folder,
      memory: collectedMemory,
      decodeGray16,
      decodePicture,
      ports: machinePorts(systemClock),
    });
    const create = (): Source => new SupervisedSource(source, driver, { clock: systemClock });
    return new RunningSource(new MutableSource(source, driver.modality, { create, mutes: await sourceMutes() }));
  });
}

let mutes: Promise<SwitchedOff> | undefined;

/** Which sources of this machine's flows are muted: kept over a restart. */
export function sourceMutes(): Promise<SwitchedOff> {
  mutes ??= SwitchedOff.open(path.join(sensebindStateDirectory(), 'node-red', 'muted'), systemClock);
  return mutes;
}

/** A source that runs, and tells one node at a time: the one that took it over last. */
export class RunningSource {
  readonly source: MutableSource;
  #events: SourceEvents | undefined;
  #isStarted: boolean = false;
  #hasEnded: boolean = false;

  constructor(source: MutableSource) {
    this.source = source;
  }

  /** From now on `events` are told; the device is started with the first who takes it. */
  attach(events: SourceEvents): void {
    this.#events = events;
    if (this.#isStarted) {
      events.status(this.source.status);
      if (this.#hasEnded) events.ended();
      return;
    }
    this.#isStarted = true;
    this.source.start({
      reading: (reading) => this.#events?.reading(reading),
      lost: (reason, amount) => this.#events?.lost(reason, amount),
      interrupted: () => this.#events?.interrupted(),
      status: (status) => this.#events?.status(status),
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

  close(): Promise<void> {
    return this.source.close();
  }
}
