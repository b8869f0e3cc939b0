import { type ValidatorOptions, words } from './red';
import { type DeviceKind, type DeviceOptions, type OptionSchema, problemOf } from './schema';

/** Kinds of devices by modality, as the runtime declares them; loaded when they are first needed. */
const known = new Map<string, readonly DeviceKind[]>();

/** The part of a source node that this dialog edits. */
export interface SourceNode {
  device: DeviceOptions;
}

/** Fills the device part of a dialog: what is plugged in first, then every kind; below, the options of the one chosen. */
export async function prepareDevice(node: SourceNode, modality: string): Promise<void> {
  const place = $('.sensebind-device').empty();
  const chosen: DeviceOptions = { ...node.device };
  place.data('device', chosen);
  const select = $('<select>').attr('id', 'node-input-device-kind');
  const options = $('<div>').addClass('sensebind-device-options');
  place.append(row('fa-plug', words('device.label'), select), options);
  select.append($('<option>').text(words('device.loading')));
  const kinds = await loadKinds(modality);
  fillKinds(select, { kinds, chosen });
  showOptions(options, { kinds, place });
  select.on('change', () => {
    place.data('device', JSON.parse(String(select.val())));
    showOptions(options, { kinds, place });
  });
}

/** What was chosen, into the node. */
export function saveDevice(node: SourceNode): void {
  const device = $('.sensebind-device').data('device') as DeviceOptions | undefined;
  if (device !== undefined) node.device = device;
}

/** Whether a device is described well enough to be opened; a reason where it is not. */
export function validDevice(value: unknown, _options: ValidatorOptions | undefined, modality: string): true | string {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return words('invalid.device');
  const device = value as DeviceOptions;
  const kind = known.get(modality)?.find((candidate) => candidate.kind === device.kind);
  // Before the kinds are loaded nothing is known to be wrong; the runtime checks in any case.
  if (kind === undefined) return known.has(modality) ? words('invalid.deviceKind', { kind: device.kind }) : true;
  const problems = problemsOf(kind, device);
  return problems.length === 0 ? true : problems.join('; ');
}

/** Loads what {@link validDevice} needs, so that nodes are judged before their dialogs are opened. */
export async function loadKinds(modality: string): Promise<readonly DeviceKind[]> {
  const response = await $.getJSON(`sensebind/devices/${encodeURIComponent(modality)}`);
  known.set(modality, response as readonly DeviceKind[]);
  return response as readonly DeviceKind[];
}

function problemsOf({ options }: DeviceKind, device: DeviceOptions): string[] {
  const missing = (options.required ?? []).filter((key) => device[key] === undefined || device[key] === '');
  const wrong = Object.entries(options.properties).flatMap(([key, schema]) => {
    const value = device[key];
    if (key === 'kind' || value === undefined || value === '') return [];
    const problem = problemOf(schema, value);
    return problem === undefined ? [] : [`${key}: ${problem}`];
  });
  return [...missing.map((key) => words('invalid.missing', { key })), ...wrong];
}

function fillKinds(
  select: JQuery,
  { kinds, chosen }: { readonly kinds: readonly DeviceKind[]; readonly chosen: DeviceOptions },
): void {
  select.empty();
  const found = kinds.flatMap((kind) => kind.found);
  if (found.length > 0)
    select.append(
      group(
        words('device.found'),
        found.map(({ name, options }) => [name, options]),
      ),
    );
  const all = kinds.map(({ kind, title }): [string, DeviceOptions] => [title, { kind }]);
  select.append(group(words('device.kinds'), all));
  const entries = select.find('option').toArray() as HTMLOptionElement[];
  const isSame = (entry: HTMLOptionElement): boolean => (JSON.parse(entry.value) as DeviceOptions).kind === chosen.kind;
  const entry = entries.find(({ value }) => value === JSON.stringify(chosen)) ?? entries.findLast(isSame);
  if (entry !== undefined) select.val(entry.value);
}

function group(label: string, entries: readonly (readonly [string, DeviceOptions])[]): JQuery {
  const options = entries.map(([text, value]) => $('<option>').val(JSON.stringify(value)).text(text));
  return $('<optgroup>').attr('label', label).append(options);
}

function showOptions(
  options: JQuery,
  { kinds, place }: { readonly kinds: readonly DeviceKind[]; readonly place: JQuery },
): void {
  options.empty();
  const device = place.data('device') as DeviceOptions;
  const kind = kinds.find((candidate) => candidate.kind === device.kind);
  for (const [key, schema] of Object.entries(kind?.options.properties ?? {})) {
    if (key !== 'kind') options.append(optionRow({ key, schema, place }));
  }
}

function optionRow({
  key,
  schema,
  place,
}: {
  readonly key: string;
  readonly schema: OptionSchema;
  readonly place: JQuery;
}): JQuery {
  const device = place.data('device') as DeviceOptions;
  const input = inputFor(schema, device[key]).attr('id', `node-input-device-${key}`);
  const store = (): void => {
    const { [key]: _before, ...others } = place.data('device') as DeviceOptions;
    const value = enteredValue(schema, input);
    place.data('device', value === undefined ? others : { ...others, [key]: value });
    const problem = value === undefined ? undefined : problemOf(schema, value);
    input.toggleClass('input-error', problem !== undefined);
  };
  input.on('change input', store);
  const line = row('', key, input);
  if (schema.description !== undefined) line.append($('<div>').addClass('sensebind-hint').text(schema.description));
  return line;
}

function inputFor(schema: OptionSchema, value: unknown): JQuery {
  if (schema.enum !== undefined) {
    const entries = ['', ...schema.enum].map((entry) => $('<option>').val(String(entry)).text(String(entry)));
    return $('<select>')
      .append(entries)
      .val(String(value ?? ''));
  }
  if (schema.type === 'boolean') {
    const entries = ['', 'true', 'false'].map((entry) => $('<option>').val(entry).text(entry));
    return $('<select>')
      .append(entries)
      .val(value === undefined ? '' : String(value));
  }
  return $('<input>')
    .attr('type', 'text')
    .val(value === undefined ? '' : String(value));
}

/** What stands in a field; `undefined` for an empty one: the driver then has a default. */
function enteredValue(schema: OptionSchema, input: JQuery): unknown {
  const text = String(input.val() ?? '').trim();
  if (text === '') return undefined;
  if (/^\$\{[^}]+\}$/.test(text)) return text;
  if (schema.type === 'boolean') return text === 'true';
  const isNumber = schema.type === 'integer' || schema.type === 'number';
  return isNumber && Number.isFinite(Number(text)) ? Number(text) : text;
}

function row(icon: string, label: string, input: JQuery): JQuery {
  const name = $('<label>').attr('for', input.attr('id') ?? '');
  if (icon !== '') name.append($('<i>').addClass(`fa ${icon}`), ' ');
  return $('<div>')
    .addClass('form-row')
    .append(name.append(document.createTextNode(label)), input);
}
