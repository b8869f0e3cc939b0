import type { TSchema } from '#typebox';
import { Convert } from '#typebox/value';
import { deviceDeclarations } from '../../devices/catalogue';
import type { DeviceDeclaration } from '../../devices/device';
import { readingsInDevices } from '../../devices/readingsIn/devices';
import { replayDevices } from '../../devices/recording/replayDevice';
import { simulatedDevices } from '../../devices/simulated/devices';
import { SensebindError } from '../../runtime/errors';
import type { Modality } from '../../runtime/reading';

/** Options of a device, `kind` among them: its own schema checks the rest. */
export type DeviceOptions = { readonly kind: string } & Readonly<Record<string, unknown>>;

/** Recordings and boards over MQTT have nodes of their own. */
const elsewhere: ReadonlySet<DeviceDeclaration> = new Set([...replayDevices, ...readingsInDevices]);
const simulated: ReadonlySet<DeviceDeclaration> = new Set(simulatedDevices);

/** Kinds of devices that a node of a modality may have: real ones first, those to try a flow with last. */
export function devicesOf(modality: Modality): readonly DeviceDeclaration[] {
  const kinds = deviceDeclarations.filter(
    (declaration) => declaration.modality === modality && !elsewhere.has(declaration),
  );
  return [...kinds.filter((kind) => !isSimulated(kind)), ...kinds.filter(isSimulated)];
}

/** Whether a kind needs no hardware: for trying a flow. */
export function isSimulated(declaration: DeviceDeclaration): boolean {
  return simulated.has(declaration);
}

/** Modalities that there are devices of. */
export const deviceModalities: readonly Modality[] = [...new Set(deviceDeclarations.map(({ modality }) => modality))];

/** @throws {SensebindError} `CONFIG_INVALID` for a kind that there is not, or that is of another modality. */
export function declarationOf({ kind }: DeviceOptions, modality: Modality): DeviceDeclaration {
  const ofModality = deviceDeclarations.filter((declaration) => declaration.modality === modality);
  const declaration = ofModality.find((candidate) => candidate.kind === kind);
  if (declaration !== undefined) return declaration;
  throw new SensebindError(
    'CONFIG_INVALID',
    `expected a kind of device for ${modality}, found "${kind}"`,
    `choose one of ${devicesOf(modality)
      .map((candidate) => candidate.kind)
      .join(', ')}`,
  );
}

/** The options as the device takes them: empty ones left out; values of environment variables, which are text, converted. */
export function deviceOptions(device: DeviceOptions, { options }: DeviceDeclaration): unknown {
  const properties: Readonly<Record<string, TSchema>> = options.properties;
  const entries = Object.entries(device).flatMap(([key, value]) => {
    if (value === '' || value === undefined || value === null) return [];
    return [[key, properties[key] === undefined ? value : converted(value, properties[key])]];
  });
  return Convert(options, Object.fromEntries(entries));
}

function converted(value: unknown, schema: TSchema): unknown {
  if (typeof value !== 'string') return value;
  if ('enum' in schema && Array.isArray(schema.enum)) {
    return schema.enum.find((entry: unknown) => String(entry) === value) ?? value;
  }
  if ('type' in schema && schema.type === 'array') return value.split(',').map((item) => item.trim());
  return value;
}
