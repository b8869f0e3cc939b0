import Type, { type Static } from '#typebox';
import type { Bundle } from '../../models/bundle/bundle';
import { caveatsOf } from '../../models/bundle/caveats';
import { bundleFolder } from '../../models/mini/location';
import { SensebindError } from '../../runtime/errors';
import type { EngineStatus } from '../../runtime/inference/stats';
import type { Controller, Host } from '../shared/defineNode';
import { acquireEncoders, type EncoderSettings, type Encoders } from '../shared/encoders';
import type { Lease } from '../shared/shared';

export const BundleSettings = Type.Object({
  bundle: Type.Optional(
    Type.String({ minLength: 1, maxLength: 4096, title: 'the path or the name of a bundle, or mini' }),
  ),
  workers: Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
  threads: Type.Optional(Type.Integer({ minimum: 1, maximum: 256 })),
  providers: Type.Optional(
    Type.String({ pattern: '^[a-z]+(, *[a-z]+)*$', maxLength: 200, title: 'names such as cuda, cpu' }),
  ),
  runtime: Type.Optional(Type.String({ minLength: 1, maxLength: 4096, title: 'the name or path of a module' })),
  deviceCacheGigabytes: Type.Optional(Type.Number({ minimum: 0, maximum: 1000 })),
  skipMemoryCheck: Type.Optional(Type.Boolean()),
});
export type BundleSettings = Static<typeof BundleSettings>;

/** What the node tells its users, and who listens: Node-RED hands the status of a configuration node on to them. */
type BundleHost = Pick<Host<BundleSettings>, 'settings' | 'status' | 'fail' | 'warn' | 'log'>;

/** Says which bundle its users encode with, and how its encoders are. */
export class BundleController implements Controller {
  readonly #host: BundleHost;
  readonly #settings: EncoderSettings;
  readonly #health: EngineHealth;

  constructor(host: BundleHost) {
    const { providers, ...rest } = host.settings;
    this.#host = host;
    this.#settings = { ...rest, ...(providers === undefined ? {} : { providers: providers.split(/, */) }) };
    this.#health = new EngineHealth(host);
  }

  /** Where the bundle lies. */
  get folder(): string {
    return bundleFolder(this.#settings.bundle);
  }

  /** @throws {SensebindError} what opening the bundle or the engine throws. */
  async acquire(): Promise<Lease<Encoders>> {
    const lease = await acquireEncoders(this.#settings);
    introduce(lease.resource.bundle, this.#host);
    this.#health.watch(lease.resource);
    return lease;
  }

  async close(): Promise<void> {
    this.#health.close();
  }
}

/** The encoders that a node chose: those of its configuration node, else of the shipped bundle. */
export async function acquireChosen<Settings extends { readonly bundle?: string | undefined }>(
  host: Host<Settings>,
): Promise<Lease<Encoders>> {
  const { bundle } = host.settings;
  if (bundle !== undefined) return host.configuration(bundle, BundleController).acquire();
  const lease = await acquireEncoders({});
  introduce(lease.resource.bundle, host);
  return lease;
}

/** Bundles of this process that were introduced. */
const introduced = new WeakSet<Bundle>();

/** Says once what must be said of a bundle: its licence at the first use, and what its numbers must not be taken for. */
function introduce(bundle: Bundle, { warn, log }: Pick<BundleHost, 'warn' | 'log'>): void {
  if (introduced.has(bundle)) return;
  introduced.add(bundle);
  const { licence, name } = bundle.manifest;
  if (bundle.firstUse) log(`licence of the weights of ${name}: ${licence.name} (${licence.source})\n${licence.text}`);
  for (const note of [...bundle.notes, ...caveatsOf(bundle.manifest)]) warn(note);
}

/** Shows when encoders do not work, once a change. */
class EngineHealth {
  readonly #host: Pick<BundleHost, 'status' | 'fail'>;
  #watched: Encoders | undefined;
  #unwatch: () => void = () => undefined;
  #isWell: boolean = true;

  constructor(host: Pick<BundleHost, 'status' | 'fail'>) {
    this.#host = host;
  }

  watch(encoders: Encoders): void {
    if (this.#watched === encoders) return;
    this.close();
    this.#watched = encoders;
    this.#unwatch = encoders.watch((status) => this.#tell(status));
  }

  close(): void {
    this.#unwatch();
    this.#watched = undefined;
  }

  #tell({ state, reason }: EngineStatus): void {
    const isWell = state === 'ready' || state === 'starting' || state === 'closed';
    if (isWell === this.#isWell) return;
    this.#isWell = isWell;
    if (isWell) {
      this.#host.status.set({ fill: 'green', shape: 'dot', text: 'ready' });
      return;
    }
    this.#host.status.set({ fill: 'red', shape: 'ring', text: state });
    this.#host.fail(
      new SensebindError(
        state === 'degraded' ? 'ENGINE_DEGRADED' : 'ENGINE_WORKER_EXITED',
        `expected encoders that work, found them ${state}: ${reason}`,
        'they are started again by themselves; look at the log for the cause',
      ),
    );
  }
}
