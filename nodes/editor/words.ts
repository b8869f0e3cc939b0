import { words } from './red';

/** What the runtime says of one text. */
export interface WordsFound {
  readonly unknown: readonly string[];
  readonly near: readonly string[];
}

export interface WordsAnswer {
  readonly caveats: readonly string[];
  readonly texts: readonly WordsFound[];
}

/** Long enough not to ask at each letter. */
const PAUSE_MILLIS = 300;

/** As many as the runtime takes at once. */
const MOST_TEXTS = 1000;

/** Asks the runtime which words a bundle knows; `undefined` where it cannot say, as of a bundle that is not deployed. */
export async function askWords(bundle: string, texts: readonly string[]): Promise<WordsAnswer | undefined> {
  try {
    const question = JSON.stringify({ bundle, texts: texts.slice(0, MOST_TEXTS).map((text) => text.slice(0, 1024)) });
    const answer: unknown = await $.ajax({
      url: 'sensebind/words',
      method: 'POST',
      contentType: 'application/json',
      data: question,
    });
    return answer as WordsAnswer;
  } catch {
    return undefined;
  }
}

/** What a dialog says of unknown words. */
export function unknownText({ unknown, near }: WordsFound): string {
  const said = words('words.unknown', { unknown: unknown.map((word) => `“${word}”`).join(', ') });
  return near.length === 0 ? said : `${said}; ${words('words.near', { near: near.join(', ') })}`;
}

/** The bundle that is chosen in the dialog; empty for the shipped one. */
export function chosenBundle(): string {
  const value = String($('#node-input-bundle').val() ?? '');
  return value === '_ADD_' ? '' : value;
}

/** Shows what is to be known of the bundle. */
export function showCaveats(caveats: readonly string[]): void {
  const lines = caveats.map((text) => $('<div>').addClass('sensebind-caveat').text(text));
  $('.sensebind-caveats').empty().append(lines);
}

/** Calls `look` after a pause in a storm of calls. */
export function calmed(look: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE_MILLIS);
  };
}

/** Marks unknown words below a field with one text a line, while somebody types. */
export function prepareWords(): void {
  const field = $('#node-input-words');
  const report = $('.sensebind-words-report');
  const look = async (): Promise<void> => {
    const text = String(field.val() ?? '');
    const lines = text.split('\n').map((line) => line.trim());
    const answer = await askWords(chosenBundle(), lines);
    // Somebody typed on: the next answer counts.
    if (text !== String(field.val() ?? '')) return;
    report.empty();
    if (answer === undefined) {
      report.append($('<div>').text(words('words.notDeployed')));
      return;
    }
    showCaveats(answer.caveats);
    for (const found of answer.texts) {
      if (found.unknown.length > 0) report.append($('<div>').addClass('sensebind-unknown').text(unknownText(found)));
    }
    field.toggleClass(
      'input-error',
      answer.texts.some(({ unknown }) => unknown.length > 0),
    );
  };
  const soon = calmed(() => void look());
  field.on('input', soon);
  $('#node-input-bundle').on('change', soon);
  void look();
}
