import { deviceDeclarations } from '../../devices/catalogue';
import type { DeviceContext, DeviceDeclaration } from '../../devices/device';
import { SensebindError } from '../errors';
import type { Driver } from '../reading';

/** Options of a device, as a configuration gives them. */
export type DeviceOptions = { readonly kind: string } & Readonly<Record<string, unknown>>;

/** @throws {SensebindError} `CONFIG_INVALID` for a kind that there is not. */
export function declarationOf({ kind }: DeviceOptions, source: string): DeviceDeclaration {
  const declaration = deviceDeclarations.find((candidate) => candidate.kind === kind);
  if (declaration !== undefined) return declaration;
  throw new SensebindError(
    'CONFIG_INVALID',
    `expected a kind of device for the source "${source}", found "${kind}"`,
    `use one of ${deviceDeclarations.map((candidate) => candidate.kind).join(', ')}`,
  );
}

/** The driver of a configured device. @throws {SensebindError} `CONFIG_INVALID` */
export function openDevice(options: DeviceOptions, context: DeviceContext): Driver {
  return declarationOf(options, context.source).open(options, context);
}
