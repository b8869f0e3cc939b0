import { unknownWordsProblem } from './knownWords';
import { words } from './red';
import { field, lines, valueIn, withoutEmpty } from './table';
import { askWords, calmed, chosenBundle, showCaveats, unknownText } from './words';

export type LabelRow = Readonly<Record<string, unknown>>;

export interface LabelsNode {
  readonly id: string;
  labels: readonly LabelRow[];
}

interface LiveScore {
  readonly label: string;
  readonly probability: number | null;
}

const LIST = '#node-input-labels-list';
const POLL_MILLIS = 500;

/** Of the dialog that is open: there is one at a time. */
let polling: ReturnType<typeof setInterval> | undefined;

/** Fills the table of labels; marks unknown words, and shows live scores for as long as the dialog is open. */
export function prepareLabels(node: LabelsNode): void {
  const soon = calmed(() => void markWords());
  $(LIST).editableList({
    addItem: (container: JQuery, _index: number, data: LabelRow) => void addLabel(container, data, soon),
    removable: true,
    sortable: true,
    height: 'auto',
  } as never);
  for (const row of node.labels) $(LIST).editableList('addItem', row as never);
  $('#node-input-background, #node-input-bundle').on('input change', soon);
  $('#sensebind-labels-export').on('click', () => {
    $('#sensebind-labels-json').val(JSON.stringify(tableRows(), null, 2));
  });
  $('#sensebind-labels-import').on('click', () => importRows());
  void markWords();
  polling = setInterval(() => void showScores(node.id), POLL_MILLIS);
}

/** What is in the table, into the node. */
export function saveLabels(node: LabelsNode): void {
  closeLabels();
  node.labels = tableRows();
}

/** The dialog is closed: nothing is asked for any more. */
export function closeLabels(): void {
  clearInterval(polling);
  polling = undefined;
}

/** Whether there is a label, and each has words that the bundle knows; a reason where not. */
export function validLabels(value: unknown, bundle: unknown): true | string {
  if (!Array.isArray(value) || value.length === 0) return words('invalid.labels');
  const rows = value as readonly LabelRow[];
  if (!rows.every(({ title }) => Boolean(title))) return words('invalid.labels');
  return unknownWordsProblem(String(bundle ?? ''), rows.map(textOf)) ?? true;
}

/** All words of a row. */
function textOf({ title, prompts, negatives }: LabelRow): string {
  return [title, prompts, negatives].map((part) => String(part ?? '')).join(' ');
}

function addLabel(container: JQuery, data: LabelRow, soon: () => void): void {
  const first = $('<div>').append(
    field('label-title', data['title'], { width: '45%', placeholder: words('label.title') }),
    ' ',
    field('label-threshold', data['threshold'], { width: '60px', placeholder: '0.5' }),
    ' ',
    $('<meter>').addClass('sensebind-label-score').attr({ min: 0, max: 1 }).css('width', '70px'),
    ' ',
    $('<span>').addClass('sensebind-label-percent'),
  );
  const second = $('<div>').append(
    lines('label-prompts', data['prompts'], words('label.prompts')),
    ' ',
    lines('label-negatives', data['negatives'], words('label.negatives')),
  );
  const report = $('<div>').addClass('sensebind-label-report sensebind-unknown');
  // An id that was imported stays as long as the words do.
  container.data({ id: data['id'], title: data['title'] });
  container.append(first, second, report).on('input', soon);
}

function items(): readonly JQuery[] {
  return ($(LIST).editableList('items') as unknown as JQuery).toArray().map((item) => $(item));
}

function tableRows(): LabelRow[] {
  return items().map((item) => {
    const title = valueIn(item, 'label-title');
    const content = item.find('.sensebind-label-title').closest('.red-ui-editableList-item-content');
    const id = content.data('title') === title ? content.data('id') : undefined;
    const others = {
      threshold: valueIn(item, 'label-threshold'),
      prompts: valueIn(item, 'label-prompts'),
      negatives: valueIn(item, 'label-negatives'),
    };
    return { ...(typeof id === 'string' ? { id } : {}), title, ...withoutEmpty(others) };
  });
}

function importRows(): void {
  const place = $('#sensebind-labels-json');
  try {
    const rows: unknown = JSON.parse(String(place.val() ?? ''));
    const isTable = Array.isArray(rows) && rows.length <= 1000 && rows.every(isRow);
    if (!isTable) throw new TypeError('no table');
    $(LIST).editableList('empty');
    for (const row of rows) $(LIST).editableList('addItem', row as never);
    place.removeClass('input-error');
    void markWords();
  } catch {
    place.addClass('input-error');
  }
}

function isRow(value: unknown): value is LabelRow {
  return typeof value === 'object' && value !== null && 'title' in value && typeof value.title === 'string';
}

async function markWords(): Promise<void> {
  const rows = items();
  const texts = rows.map((item) => {
    return ['label-title', 'label-prompts', 'label-negatives'].map((name) => valueIn(item, name)).join(' ');
  });
  const answer = await askWords(chosenBundle(), [...texts, String($('#node-input-background').val() ?? '')]);
  if (answer === undefined) return;
  showCaveats(answer.caveats);
  for (const [index, item] of rows.entries()) {
    const found = answer.texts[index];
    const text = found === undefined || found.unknown.length === 0 ? '' : unknownText(found);
    item.find('.sensebind-label-report').text(text);
    item.find('.sensebind-label-title').toggleClass('input-error', text !== '');
  }
  const background = answer.texts[rows.length];
  const text = background === undefined || background.unknown.length === 0 ? '' : unknownText(background);
  $('.sensebind-words-report')
    .text(text)
    .toggleClass('sensebind-unknown', text !== '');
}

/** Of the table as it is deployed: rows that were moved or added since have none of their own. */
async function showScores(node: string): Promise<void> {
  const scores = (await Promise.resolve($.getJSON(`sensebind/labels/${encodeURIComponent(node)}`)).catch(
    () => [],
  )) as readonly LiveScore[];
  for (const [index, item] of items().entries()) {
    const probability = scores[index]?.probability ?? null;
    item.find('.sensebind-label-score').val(probability ?? 0);
    item.find('.sensebind-label-percent').text(probability === null ? '' : `${(100 * probability).toFixed(0)} %`);
  }
}
