import type { Random } from '../../devices/simulated/random';
import { SensebindError } from '../errors';

/** Cards dealt in an order by chance, shuffled anew when all are dealt: each comes equally often, to within one. */
export class Deck<Card> {
  readonly #cards: readonly Card[];
  readonly #random: Random;
  #left: Card[] = [];

  constructor(cards: readonly Card[], random: Random) {
    this.#cards = cards;
    this.#random = random;
  }

  /**
   * The next card that suits; those that do not stay in the deck.
   *
   * @throws {SensebindError} `INTERNAL` when none does.
   */
  deal(suits: (card: Card) => boolean = () => true): Card {
    const at = this.#left.findLastIndex(suits);
    const [card] = at < 0 ? [] : this.#left.splice(at, 1);
    if (card !== undefined) return card;
    if (!this.#cards.some(suits)) {
      throw new SensebindError(
        'INTERNAL',
        `Expected a card that suits, found ${this.#cards.length} that do not`,
        'Please report this with what you asked for.',
      );
    }
    this.#left = [...this.#random.shuffled(this.#cards), ...this.#left];
    return this.deal(suits);
  }
}
