import { element } from './dom';
import { drawPreview } from './previews';
import type { LiveSource } from './snapshot';

/** One card a source: what it is, how it is, and what it sees. */
export class SourceCards {
  readonly root = element('div', 'sb-cards');
  readonly #cards = new Map<string, SourceCard>();

  show(sources: readonly LiveSource[]): void {
    const nodes = new Set(sources.map(({ node }) => node));
    for (const [node, { root }] of this.#cards) {
      if (nodes.has(node)) continue;
      root.remove();
      this.#cards.delete(node);
    }
    for (const source of sources) this.#cardOf(source.node).show(source);
  }

  #cardOf(node: string): SourceCard {
    const known = this.#cards.get(node);
    if (known !== undefined) return known;
    const card = new SourceCard();
    this.#cards.set(node, card);
    this.root.append(card.root);
    return card;
  }
}

class SourceCard {
  readonly #name = element('span', 'sb-name');
  readonly #figures = element('span', 'sb-figures');
  readonly #canvas = element('canvas', 'sb-preview');
  readonly root = element('div', 'sb-card', [
    element('div', 'sb-title', [element('span', 'sb-dot'), this.#name, this.#figures]),
    this.#canvas,
  ]);

  show({ source, status, perSecond, preview }: LiveSource): void {
    this.root.dataset['state'] = status.state;
    this.root.title = status.reason ?? '';
    this.#name.textContent = source;
    this.#figures.textContent = figuresOf({ status, perSecond, ...(preview === undefined ? {} : { preview }) });
    if (preview !== undefined) drawPreview(this.#canvas, preview);
  }
}

function figuresOf({ status, perSecond, preview }: Pick<LiveSource, 'status' | 'perSecond' | 'preview'>): string {
  if (status.state !== 'online') return status.reason ?? status.state;
  const rate = `${perSecond.toFixed(1)}/s`;
  if (preview?.kind === 'sound') return `${preview.levelDb.toFixed(0)} dB · ${rate}`;
  if (preview?.kind !== 'picture' || preview.range === undefined) return rate;
  const { least, most, unit } = preview.range;
  return `${least.toFixed(1)}–${most.toFixed(1)} ${unit} · ${rate}`;
}
