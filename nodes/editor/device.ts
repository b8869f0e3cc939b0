import { findDevices } from './deviceKinds';
import { enteredValue, inputFor, labelOf } from './optionInput';
import { words } from './red';
import {
  type DeviceKind,
  type DeviceOptions,
  fieldsOf,
  type OptionField,
  problemOf,
  valueAt,
  withValue,
} from './schema';

/** The part of a source node that this dialog edits. */
export interface SourceNode {
  device: DeviceOptions;
}

/** What is chosen in the dialog that is open. */
interface Dialog {
  readonly place: JQuery;
  readonly select: JQuery;
  readonly fields: JQuery;
  kinds: readonly DeviceKind[];
  device: DeviceOptions;
}

let dialog: Dialog | undefined;

/** Fills the device part of a dialog: what is plugged in first, then every kind; below, the options of the one chosen. */
export async function prepareDevice(node: SourceNode, modality: string): Promise<void> {
  const place = $('.sensebind-device').empty();
  const select = $('<select>').attr('id', 'node-input-device-kind');
  const fields = $('<div>').addClass('sensebind-device-options');
  const refresh = $('<button>')
    .attr({ type: 'button', id: 'node-input-device-refresh', title: words('device.refresh') })
    .addClass('red-ui-button')
    .append($('<i>').addClass('fa fa-refresh'));
  const choice = $('<div>').addClass('sensebind-device-choice').append(select, refresh);
  place.append(row({ icon: 'fa-plug', label: words('device.label'), input: choice, of: select }), fields);
  const opened: Dialog = { place, select, fields, kinds: [], device: { ...node.device } };
  dialog = opened;
  select.on('change', () => choose(opened));
  refresh.on('click', () => void look(opened, modality));
  await look(opened, modality);
}

/** What was chosen, into the node. */
export function saveDevice(node: SourceNode): void {
  if (dialog !== undefined) node.device = dialog.device;
  dialog = undefined;
}

/** Nothing of it stays. */
export function cancelDevice(): void {
  dialog = undefined;
}

async function look(opened: Dialog, modality: string): Promise<void> {
  const { select, fields } = opened;
  select
    .prop('disabled', true)
    .empty()
    .append($('<option>').text(words('device.loading')));
  try {
    opened.kinds = await findDevices(modality);
  } catch {
    fields.empty().append($('<div>').addClass('form-tips').text(words('device.failed')));
    return;
  }
  // The dialog may be closed by now.
  if (dialog !== opened) return;
  select.prop('disabled', false);
  fillKinds(opened);
  showFields(opened);
}

/** Another entry of the list: what was filled in stays where the kind is the same. */
function choose(opened: Dialog): void {
  const entry = JSON.parse(String(opened.select.val())) as DeviceOptions;
  opened.device = entry.kind === opened.device.kind ? { ...opened.device, ...entry } : entry;
  showFields(opened);
}

function fillKinds({ select, kinds, device }: Dialog): void {
  select.empty();
  const found = kinds.flatMap((kind) => kind.found);
  const real = kinds.filter(({ isSimulated }) => !isSimulated);
  const simulated = kinds.filter(({ isSimulated }) => isSimulated);
  const generic = ({ kind, title }: DeviceKind): Entry => ({ text: title, options: { kind } });
  const groups: readonly (readonly [string, readonly Entry[]])[] = [
    [words('device.found'), found.map((one) => ({ text: nameOf(one), options: one.options }))],
    [words('device.kinds'), real.map(generic)],
    [words('device.simulated'), simulated.map(generic)],
  ];
  for (const [label, entries] of groups) if (entries.length > 0) select.append(group(label, entries));
  // Of all entries that say nothing else than what is chosen, the one that says most.
  const fitting = groups
    .flatMap(([, entries]) => entries)
    .filter(({ options }) => Object.entries(options).every(([key, value]) => device[key] === value))
    .toSorted((a, b) => Object.keys(b.options).length - Object.keys(a.options).length);
  const [best] = fitting;
  if (best !== undefined) select.val(JSON.stringify(best.options));
  else select.prepend($('<option>').val(JSON.stringify(device)).text(device.kind).prop('selected', true));
}

interface Entry {
  readonly text: string;
  readonly options: DeviceOptions;
}

function nameOf({ name, certainty }: DeviceKind['found'][number]): string {
  return certainty === 'certain' ? name : words('device.possible', { name });
}

function group(label: string, entries: readonly Entry[]): JQuery {
  const options = entries.map(({ text, options }) => $('<option>').val(JSON.stringify(options)).text(text));
  return $('<optgroup>').attr('label', label).append(options);
}

function showFields(opened: Dialog): void {
  const kind = opened.kinds.find((candidate) => candidate.kind === opened.device.kind);
  opened.fields.empty();
  for (const field of kind === undefined ? [] : fieldsOf(kind.options)) opened.fields.append(fieldRow(opened, field));
}

function fieldRow(opened: Dialog, { path, schema, isRequired }: OptionField): JQuery {
  const input = inputFor(schema, valueAt(opened.device, path)).attr('id', `node-input-device-${path.join('-')}`);
  const judge = (): void => {
    const value = valueAt(opened.device, path);
    const isWrong = value === undefined ? isRequired : problemOf(schema, value) !== undefined;
    input.toggleClass('input-error', isWrong);
  };
  input.on('change input', () => {
    opened.device = withValue(opened.device, path, enteredValue(schema, input));
    judge();
  });
  judge();
  const line = row({ icon: '', label: labelOf(path), input, of: input });
  if (schema.description !== undefined) line.append($('<div>').addClass('sensebind-hint').text(schema.description));
  return line;
}

function row(parts: {
  readonly icon: string;
  readonly label: string;
  readonly input: JQuery;
  readonly of: JQuery;
}): JQuery {
  const name = $('<label>').attr('for', parts.of.attr('id') ?? '');
  if (parts.icon !== '') name.append($('<i>').addClass(`fa ${parts.icon}`), ' ');
  return $('<div>')
    .addClass('form-row')
    .append(name.append(document.createTextNode(parts.label)), parts.input);
}
