import { type ValidatorOptions, words } from './red';
import { type DeviceKind, type DeviceOptions, fieldsOf, problemOf, valueAt } from './schema';

/** Kinds of devices by modality, as the runtime declares them. */
const known = new Map<string, readonly DeviceKind[]>();

/**
 * Loads what {@link validDevice} needs, without looking for devices, and judges all nodes that are there by then: a wrong
 * one is marked before its dialog is opened. Without the permission to read nothing is marked.
 */
export async function loadEveryKind(): Promise<void> {
  const kinds = (await $.getJSON('sensebind/devices')) as Readonly<Record<string, readonly DeviceKind[]>>;
  for (const [modality, ofModality] of Object.entries(kinds)) {
    if (!known.has(modality)) known.set(modality, ofModality);
  }
  RED.nodes.eachNode((node) => {
    const isOurs = 'device' in node && 'type' in node && String(node.type).startsWith('sensebind-');
    if (isOurs) RED.editor.validateNode(node);
    return true;
  });
  RED.view.redraw();
}

/** The kinds of a modality, with what is plugged in at the moment. */
export async function findDevices(modality: string): Promise<readonly DeviceKind[]> {
  const kinds = (await $.getJSON(`sensebind/devices/${encodeURIComponent(modality)}`)) as readonly DeviceKind[];
  known.set(modality, kinds);
  return kinds;
}

/** Whether a device is described well enough to be opened; a reason where it is not. */
export function validDevice(value: unknown, _options: ValidatorOptions | undefined, modality: string): true | string {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return words('invalid.device');
  const device = value as DeviceOptions;
  const kinds = known.get(modality);
  // Before the kinds are loaded nothing is known to be wrong; the runtime checks in any case.
  if (kinds === undefined) return true;
  const kind = kinds.find((candidate) => candidate.kind === device.kind);
  if (kind === undefined) return words('invalid.deviceKind', { kind: device.kind });
  const problems = fieldsOf(kind.options).flatMap(({ path, schema, isRequired }) => {
    const key = path.join('.');
    const found = valueAt(device, path);
    if (found === undefined) return isRequired ? [words('invalid.missing', { key })] : [];
    const problem = problemOf(schema, found);
    return problem === undefined ? [] : [`${key}: ${problem}`];
  });
  const unknown = Object.keys(device)
    .filter((key) => kind.options.properties?.[key] === undefined && key !== 'kind')
    .map((key) => words('invalid.option', { key, kind: device.kind }));
  return problems.length + unknown.length === 0 ? true : [...problems, ...unknown].join('; ');
}
