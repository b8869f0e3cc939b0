import { words } from './red';
import { field, valueIn, withoutEmpty } from './table';

/** One row: of a label, or of a measured value. */
export type ConditionRow = Readonly<Record<string, unknown>>;

const KINDS = ['label', 'maximum_celsius', 'nearest_metres', 'level_decibels', 'acceleration_g'] as const;
const LIST = '#node-input-conditions-list';

/** Fills the table of conditions of an alert. */
export function prepareConditions(node: { readonly conditions: readonly ConditionRow[] }): void {
  $(LIST).editableList({
    addItem: (container: JQuery, _index: number, data: ConditionRow) => void addCondition(container, data),
    removable: true,
    sortable: true,
    height: 'auto',
  } as never);
  for (const row of node.conditions) $(LIST).editableList('addItem', row as never);
}

/** What is in the table, into the node. */
export function saveConditions(node: { conditions: readonly ConditionRow[] }): void {
  const items = ($(LIST).editableList('items') as unknown as JQuery).toArray();
  node.conditions = items.map((item) => {
    const row = $(item);
    const kind = valueIn(row, 'condition-kind');
    const limits = { on: valueIn(row, 'condition-on'), off: valueIn(row, 'condition-off') };
    const what =
      kind === 'label'
        ? { label: valueIn(row, 'condition-label') }
        : { direction: valueIn(row, 'condition-direction') };
    return withoutEmpty({ kind, ...what, ...limits, of: valueIn(row, 'condition-of') });
  });
}

/** Whether every condition says enough; a reason where one does not. */
export function validConditions(value: unknown): true | string {
  if (!Array.isArray(value) || value.length === 0) return words('invalid.conditions');
  const rows = value as readonly ConditionRow[];
  const isWhole = rows.every(({ kind, label, on }) =>
    kind === 'label' ? Boolean(label) : on !== undefined && on !== '',
  );
  return isWhole || words('invalid.conditions');
}

function addCondition(container: JQuery, data: ConditionRow): void {
  const { kind = 'label', label, direction = 'above', on, off, of } = data;
  const kinds = KINDS.map((id) =>
    $('<option>')
      .val(id)
      .text(words(`condition.${id}`)),
  );
  const select = $('<select>')
    .addClass('sensebind-condition-kind')
    .css('width', '150px')
    .append(kinds)
    .val(String(kind));
  const sides = ['above', 'below'].map((id) =>
    $('<option>')
      .val(id)
      .text(words(`condition.${id}`)),
  );
  const side = $('<select>').addClass('sensebind-condition-direction').css('width', '80px').append(sides);
  const name = field('condition-label', label, { width: '150px', placeholder: words('condition.labelWords') });
  const first = $('<div>').append(select, ' ', name, side.val(String(direction)));
  const second = $('<div>').append(
    field('condition-on', on, { width: '90px', placeholder: words('condition.on') }),
    ' ',
    field('condition-off', off, { width: '90px', placeholder: words('condition.off') }),
    ' ',
    field('condition-of', of, { width: '120px', placeholder: words('condition.of') }),
  );
  const show = (): void => {
    const isLabel = select.val() === 'label';
    name.toggle(isLabel);
    side.toggle(!isLabel);
  };
  select.on('change', show);
  container.append(first, second);
  show();
}
