import { element, lineColour, surface } from './dom';
import type { ScoreHistory } from './snapshot';

/** Tableau 10: told apart by most eyes, on light and dark ground. */
const COLOURS = [
  '#4e79a7',
  '#f28e2b',
  '#e15759',
  '#76b7b2',
  '#59a14f',
  '#edc948',
  '#b07aa1',
  '#ff9da7',
  '#9c755f',
  '#bab0ac',
] as const;

/** The labels that were most probable lately are drawn; more lines say nothing. */
const MOST_LINES = 6;

/** Time that a chart shows. */
const SPAN_MICROS = 60_000_000;

interface Line {
  readonly index: number;
  readonly colour: string;
  readonly title: string;
  readonly peak: number;
  readonly newest: number | null;
}

/** Probabilities over the last minute: a chart for each source or group, with the newest values beside their labels. */
export class ScoreCharts {
  readonly root = element('div', 'sb-charts');
  readonly #charts = new Map<string, Chart>();

  show(histories: readonly ScoreHistory[], nowMicros: number): void {
    const shown = new Set(histories.map(keyOf));
    for (const [key, { root }] of this.#charts) {
      if (shown.has(key)) continue;
      root.remove();
      this.#charts.delete(key);
    }
    for (const history of histories) this.#chartOf(keyOf(history)).show(history, nowMicros);
  }

  #chartOf(key: string): Chart {
    const known = this.#charts.get(key);
    if (known !== undefined) return known;
    const chart = new Chart();
    this.#charts.set(key, chart);
    this.root.append(chart.root);
    return chart;
  }
}

class Chart {
  readonly #title = element('div', 'sb-title');
  readonly #canvas = element('canvas', 'sb-chart');
  readonly #legend = element('div', 'sb-legend');
  readonly root = element('div', 'sb-card', [this.#title, this.#canvas, this.#legend]);

  show(history: ScoreHistory, nowMicros: number): void {
    // Its revision is nothing to look at.
    this.#title.textContent = `${history.source} · ${history.labelSet.replace(/@\d+$/, '')}`;
    const lines = linesOf(history, nowMicros);
    this.#legend.replaceChildren(
      ...lines.map(({ colour, title, newest }) => {
        const value = newest === null ? '–' : `${Math.round(100 * newest)} %`;
        const entry = element('span', 'sb-label', `${title} ${value}`);
        entry.style.setProperty('--sb-colour', colour);
        return entry;
      }),
    );
    this.#draw(history, lines, nowMicros);
  }

  #draw({ past }: ScoreHistory, lines: readonly Line[], nowMicros: number): void {
    const context = surface(this.#canvas);
    if (context === undefined) return;
    const { clientWidth, clientHeight } = this.#canvas;
    const yOf = (probability: number): number => 1 + (clientHeight - 2) * (1 - probability);
    context.strokeStyle = lineColour(this.#canvas);
    for (const share of [0, 0.5, 1]) {
      context.beginPath();
      context.moveTo(0, yOf(share));
      context.lineTo(clientWidth, yOf(share));
      context.stroke();
    }
    for (const { index, colour } of lines) {
      context.strokeStyle = colour;
      context.lineWidth = 1.5;
      context.beginPath();
      let isDrawing = false;
      for (const { endMicros, probabilities } of past) {
        const probability = probabilities[index] ?? null;
        const x = clientWidth * (1 - (nowMicros - endMicros) / SPAN_MICROS);
        if (probability === null) isDrawing = false;
        else if (isDrawing) context.lineTo(x, yOf(probability));
        else {
          context.moveTo(x, yOf(probability));
          isDrawing = true;
        }
      }
      context.stroke();
    }
  }
}

function linesOf({ labels, past }: ScoreHistory, nowMicros: number): readonly Line[] {
  const recent = past.filter(({ endMicros }) => nowMicros - endMicros < SPAN_MICROS);
  const lines = labels.map(({ title }, index) => ({
    index,
    title,
    peak: Math.max(0, ...recent.map(({ probabilities }) => probabilities[index] ?? 0)),
    newest: past.at(-1)?.probabilities[index] ?? null,
  }));
  const shown = lines
    .toSorted((left, right) => right.peak - left.peak)
    .slice(0, MOST_LINES)
    .toSorted((left, right) => left.index - right.index);
  return coloured(shown);
}

/** Each label has its own colour where it can, and no two lines of a chart have the same. */
function coloured(lines: readonly Omit<Line, 'colour'>[]): readonly Line[] {
  const free: string[] = [...COLOURS];
  return lines.map((line) => {
    const own = COLOURS[line.index % COLOURS.length] ?? '#888';
    const colour = free.includes(own) ? own : (free[0] ?? own);
    free.splice(free.indexOf(colour), 1);
    return { ...line, colour };
  });
}

function keyOf({ node, source, labelSet }: ScoreHistory): string {
  return `${node} ${source} ${labelSet}`;
}
