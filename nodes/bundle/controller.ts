import Type, { type Static } from 'typebox';
import { bundleFolder } from '../../models/mini/location';
import type { Controller, Host } from '../shared/defineNode';
import { acquireEncoders, type EncoderSettings, type Encoders } from '../shared/encoders';
import type { Lease } from '../shared/shared';

export const BundleSettings = Type.Object({
  bundle: Type.Optional(Type.String({ minLength: 1, maxLength: 4096, title: 'the path of a bundle, or mini' })),
  workers: Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
  threads: Type.Optional(Type.Integer({ minimum: 1, maximum: 256 })),
  providers: Type.Optional(
    Type.String({ pattern: '^[a-z]+(, *[a-z]+)*$', maxLength: 200, title: 'names such as cuda, cpu' }),
  ),
  runtime: Type.Optional(Type.String({ minLength: 1, maxLength: 4096, title: 'the name or path of a module' })),
});
export type BundleSettings = Static<typeof BundleSettings>;

/** Says which bundle its users encode with. */
export class BundleController implements Controller {
  readonly #settings: EncoderSettings;

  constructor({ settings }: Pick<Host<BundleSettings>, 'settings'>) {
    const { providers, ...rest } = settings;
    this.#settings = { ...rest, ...(providers === undefined ? {} : { providers: providers.split(/, */) }) };
  }

  /** Where the bundle lies. */
  get folder(): string {
    return bundleFolder(this.#settings.bundle);
  }

  /** @throws {SensebindError} what opening the bundle or the engine throws. */
  acquire(): Promise<Lease<Encoders>> {
    return acquireEncoders(this.#settings);
  }

  async close(): Promise<void> {}
}

/** The encoders that a node chose: those of its configuration node, else of the shipped bundle. */
export function acquireChosen<Settings extends { readonly bundle?: string | undefined }>(
  host: Host<Settings>,
): Promise<Lease<Encoders>> {
  const { bundle } = host.settings;
  return bundle === undefined ? acquireEncoders({}) : host.configuration(bundle, BundleController).acquire();
}
