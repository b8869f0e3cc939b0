import { type ValidatorOptions, words } from './red';

/** A weight of a source in a fuse node. */
export interface Weighted {
  source: string;
  weight: number | string;
}

/** What an arithmetic node calculates with. */
export interface Operand {
  kind: 'message' | 'topic' | 'text';
  value?: string;
  weight?: number | string;
}

/** Fills the table of sources and their weights. */
export function prepareWeights(node: { readonly sources?: readonly Weighted[] }): void {
  list<Weighted>('.sensebind-weights', {
    rows: node.sources ?? [],
    empty: { source: '', weight: 1 },
    draw: (row, { source, weight }) => {
      row.append(
        field('source', words('rows.source')).val(source).css('width', '60%'),
        field('weight', words('rows.weight')).val(String(weight)).css({ width: '25%', 'margin-left': '8px' }),
      );
    },
  });
}

/** What stands in the table, into the node. */
export function saveWeights(node: { sources: readonly Weighted[] }): void {
  node.sources = entered('.sensebind-weights', (row) => ({
    source: textIn(row, 'source'),
    weight: numberIn(row, 'weight') ?? 1,
  })).filter(({ source }) => source !== '');
}

/** Whether all weights can be used; a reason where one cannot. */
export function validWeights(value: unknown, _options?: ValidatorOptions): true | string {
  const rows = (value ?? []) as readonly Weighted[];
  const isFine = rows.every(({ weight }) => isVariable(weight) || (Number(weight) > 0 && Number(weight) <= 1000));
  return isFine || words('invalid.weight');
}

/** Fills the table of operands. */
export function prepareOperands(node: { readonly operands?: readonly Operand[] }): void {
  list<Operand>('.sensebind-operands', {
    rows: node.operands ?? [],
    empty: { kind: 'topic', value: '', weight: 1 },
    draw: (row, { kind, value = '', weight = 1 }) => {
      const kinds = (['message', 'topic', 'text'] as const).map((one) =>
        $('<option>')
          .val(one)
          .text(words(`rows.${one}`)),
      );
      const select = $('<select>').attr('data-field', 'kind').append(kinds).val(kind).css('width', '32%');
      const input = field('value', words('rows.value')).val(value).css({ width: '40%', 'margin-left': '6px' });
      const number = field('weight', words('rows.weight'))
        .val(String(weight))
        .css({ width: '18%', 'margin-left': '6px' });
      const show = (): void => void input.css('visibility', select.val() === 'message' ? 'hidden' : 'visible');
      select.on('change', show);
      show();
      row.append(select, input, number);
    },
  });
}

/** What stands in the table, into the node. */
export function saveOperands(node: { operands: readonly Operand[] }): void {
  node.operands = entered('.sensebind-operands', (row) => ({
    kind: String(row.find('[data-field=kind]').val()) as Operand['kind'],
    value: textIn(row, 'value'),
    weight: numberIn(row, 'weight') ?? 1,
  }));
}

/** Whether all operands can be used; a reason where one cannot. */
export function validOperands(value: unknown, _options?: ValidatorOptions): true | string {
  const rows = (value ?? []) as readonly Operand[];
  if (rows.some((row) => row.kind !== 'message' && (row.value ?? '') === '')) return words('invalid.operand');
  const isFine = rows.every(({ weight = 1 }) => isVariable(weight) || Math.abs(Number(weight)) <= 1000);
  return isFine || words('invalid.weight');
}

interface ListOptions<Row> {
  readonly rows: readonly Row[];
  readonly empty: Row;
  draw(place: JQuery, row: Row): void;
}

function list<Row>(selector: string, { rows, empty, draw }: ListOptions<Row>): void {
  const place = $(selector);
  place.css({ 'min-height': '140px' }).editableList({
    removable: true,
    sortable: true,
    addItem: (container: JQuery, _index: number, row: Partial<Row>) => draw(container, { ...empty, ...row }),
  });
  for (const row of rows) place.editableList('addItem', row as never);
}

function entered<Row>(selector: string, read: (row: JQuery) => Row): readonly Row[] {
  const items = $(selector).editableList('items') as unknown as JQuery;
  return items.toArray().map((element) => read($(element)));
}

function field(name: string, placeholder: string): JQuery {
  return $('<input>').attr({ type: 'text', 'data-field': name, placeholder, 'aria-label': placeholder });
}

function textIn(row: JQuery, name: string): string {
  return String(row.find(`[data-field=${name}]`).val() ?? '').trim();
}

/** What stands in a field: a number where it is one, else the text, for the validator or an environment variable. */
function numberIn(row: JQuery, name: string): number | string | undefined {
  const text = textIn(row, name);
  if (text === '') return undefined;
  return Number.isFinite(Number(text)) ? Number(text) : text;
}

function isVariable(value: unknown): boolean {
  return typeof value === 'string' && /^\$\{[^}]+\}$/.test(value);
}
