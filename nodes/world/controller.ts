import path from 'node:path';
import Type, { type Static } from '#typebox';
import { listenForTruth } from '../../devices/simulated/sharedWorld';
import { SensebindError } from '../../runtime/errors';
import type { Modality } from '../../runtime/reading';
import type { Closing, Controller, Host, Message } from '../shared/defineNode';
import { liveBoard } from '../shared/live/board';
import type { Lease } from '../shared/shared';
import { SourceFeed, statusOfFeeds } from '../shared/sourceFeed';
import { acquireSource, type RunningSource } from '../shared/sources';

/** What perceives the world, in the order of the outputs; the truth has the one after them. */
const SENSORS = [
  { name: 'camera', modality: 'vision' },
  { name: 'depth', modality: 'depth' },
  { name: 'thermal', modality: 'thermal' },
  { name: 'microphone', modality: 'audio' },
  { name: 'imu', modality: 'imu' },
] as const satisfies readonly { readonly name: string; readonly modality: Modality }[];
type Sensor = (typeof SENSORS)[number];

const TRUTH_OUTPUT = SENSORS.length;

export const WorldSettings = Type.Object({
  seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 })),
  scenario: Type.Optional(Type.String({ minLength: 1, maxLength: 4096, title: 'the path of a scenario' })),
  /** First part of the names of its sources: with `world`, the camera is `world-camera`. */
  world: Type.Optional(
    Type.String({ pattern: '^[a-z0-9_-]{1,48}$', title: 'a name of 1 to 48 letters a-z, digits, "-" or "_"' }),
  ),
  camera: Type.Optional(Type.Boolean()),
  depth: Type.Optional(Type.Boolean()),
  thermal: Type.Optional(Type.Boolean()),
  microphone: Type.Optional(Type.Boolean()),
  imu: Type.Optional(Type.Boolean()),
});
export type WorldSettings = Static<typeof WorldSettings>;

const DEFAULT_SEED = 1;

/** Shows one simulated world to several sensors, and says beside them what really happens in it. */
export class WorldController implements Controller {
  readonly #host: Host<WorldSettings>;
  readonly #feeds = new Map<Sensor, SourceFeed>();
  readonly #leases: Lease<RunningSource>[] = [];
  #endTruth: (() => void) | undefined;

  constructor(host: Host<WorldSettings>) {
    const { seed, scenario } = host.settings;
    if (seed !== undefined && scenario !== undefined) throw contradictory();
    this.#host = host;
    for (const [output, sensor] of SENSORS.entries()) {
      if (host.settings[sensor.name] !== false) this.#feeds.set(sensor, this.#feed(sensor, output));
    }
  }

  async start(): Promise<void> {
    const { id, clock, settings, userFolder, closing } = this.#host;
    const { seed = DEFAULT_SEED, scenario } = settings;
    const file = scenario === undefined ? undefined : path.resolve(userFolder, scenario);
    this.#show();
    this.#endTruth = listenForTruth(
      clock,
      ({ monotonicMicros: _, kind, ...truth }) => {
        liveBoard.truth(id, { event: truth.event, title: truth.label, phase: kind });
        this.#send(TRUTH_OUTPUT, { topic: this.#name, payload: { kind: 'truth', phase: kind, ...truth } });
      },
      file === undefined ? { kind: 'seed', seed } : { kind: 'script', file },
    );
    for (const [{ name, modality }, feed] of this.#feeds) {
      const lease = await acquireSource({
        node: id,
        source: feed.source,
        modality,
        device: { kind: `simulated-${name}`, ...(file === undefined ? { seed } : { script: file }) },
        folder: userFolder,
      });
      if (closing.aborted) return lease.release();
      this.#leases.push(lease);
      lease.resource.attach(feed);
    }
  }

  async close({ isLast }: Pick<Closing, 'isLast'>): Promise<void> {
    this.#endTruth?.();
    liveBoard.forget(this.#host.id);
    for (const feed of this.#feeds.values()) {
      for (const { resource } of this.#leases) resource.detach(feed);
      feed.forget();
    }
    await Promise.all(this.#leases.map((lease) => lease.release({ now: isLast })));
  }

  #feed({ name, modality }: Sensor, output: number): SourceFeed {
    const { id, clock, fail } = this.#host;
    return new SourceFeed({
      key: `${id}:${name}`,
      source: `${this.#name}-${name}`,
      modality,
      clock,
      send: (message) => this.#send(output, message),
      fail,
      changed: () => this.#show(),
    });
  }

  get #name(): string {
    return this.#host.settings.world ?? 'world';
  }

  #show(): void {
    this.#host.status.set(statusOfFeeds([...this.#feeds.values()]));
  }

  #send(output: number, message: Message): void {
    this.#host.send([...Array.from({ length: output }, () => null), message]);
  }
}

function contradictory(): SensebindError {
  return new SensebindError(
    'CONFIG_INVALID',
    'expected a seed or a scenario, found both',
    'remove one: a scenario names its own seed',
  );
}
