import { element } from './dom';
import { ScoreCharts } from './scoreCharts';
import type { Snapshot } from './snapshot';
import { SourceCards } from './sourceCards';
import { eventRows, stageRows, truthRows } from './tables';
import { type LiveWord, liveWords } from './words';

/** How often it is looked at, in milliseconds. */
const PERIOD = 500;

/** Why nothing can be shown. */
export type Refusal = 'not-permitted' | 'unreachable';

export interface LiveViewOptions {
  readonly language: string;
  readonly load: () => Promise<Snapshot | Refusal>;
  /** Called each time that the runtime says no. */
  readonly onRefused?: (refusal: Refusal) => void;
}

/** Sources with what they see, scores over time, events, and what each stage does. Asks for nothing while it is hidden. */
export class LiveView {
  readonly #options: LiveViewOptions;
  readonly #words: (key: LiveWord) => string;
  readonly #note = element('div', 'sb-note');
  readonly #cards = new SourceCards();
  readonly #charts = new ScoreCharts();
  readonly #events = element('div', 'sb-events');
  readonly #truth = element('div', 'sb-events');
  readonly #truthSection: HTMLElement;
  readonly #stages = element('div', 'sb-stages');
  readonly root: HTMLElement;
  #timer: number | undefined;

  constructor(options: LiveViewOptions) {
    this.#options = options;
    const words = liveWords(options.language);
    this.#words = words;
    this.#truthSection = section(words('truth'), this.#truth);
    this.root = element('div', 'sb-live', [
      this.#note,
      section(words('sources'), this.#cards.root),
      element('div', 'sb-beside', [section(words('events'), this.#events), this.#truthSection]),
      section(words('scores'), this.#charts.root),
      section(words('stages'), this.#stages),
    ]);
  }

  start(): void {
    if (this.#timer !== undefined) return;
    const look = (): void => {
      void this.#look().finally(() => {
        if (this.#timer !== undefined) this.#timer = window.setTimeout(look, PERIOD);
      });
    };
    this.#timer = window.setTimeout(look, 0);
  }

  stop(): void {
    window.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    if (document.hidden) return;
    const answer = await this.#options.load();
    if (answer === 'not-permitted' || answer === 'unreachable') {
      this.#note.textContent = this.#words(answer === 'unreachable' ? 'unreachable' : 'notPermitted');
      this.#options.onRefused?.(answer);
      return;
    }
    this.#note.textContent = answer.sources.length === 0 ? this.#words('noSources') : '';
    this.#cards.show(answer.sources);
    this.#charts.show(answer.scores, answer.nowMicros);
    this.#events.replaceChildren(...eventRows(answer.events, this.#words));
    this.#truthSection.hidden = answer.truth.length === 0;
    this.#truth.replaceChildren(...truthRows(answer.truth, this.#words));
    this.#stages.replaceChildren(...stageRows(answer.stages, this.#words));
  }
}

/** Asks the runtime, as whoever is logged in. */
export async function loadSnapshot(address: string, token: string | undefined): Promise<Snapshot | Refusal> {
  try {
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    const response = await fetch(address, { headers });
    if (response.status === 401 || response.status === 403) return 'not-permitted';
    return response.ok ? ((await response.json()) as Snapshot) : 'unreachable';
  } catch {
    return 'unreachable';
  }
}

function section(title: string, content: HTMLElement): HTMLElement {
  return element('section', 'sb-section', [element('h3', 'sb-heading', title), content]);
}
