import { events } from './events/catalogue';
import type { EventDeclaration } from './events/event';
import { Random, seedOf } from './random';
import type { Happening } from './scene';

/** What happens when: the plan of a world. */
export interface Timeline {
  /** Infinite where it never ends. */
  readonly lengthSeconds: number;
  /** Happenings that are under way at some time between the two, the same objects each time, in the order of their starts. */
  between(fromSeconds: number, toSeconds: number): readonly Happening[];
}

/** A plan that is known as a whole. */
export class FixedTimeline implements Timeline {
  readonly #happenings: readonly Happening[];

  constructor(
    happenings: readonly Happening[],
    readonly lengthSeconds: number,
  ) {
    this.#happenings = happenings.toSorted((a, b) => a.startSeconds - b.startSeconds);
  }

  between(fromSeconds: number, toSeconds: number): readonly Happening[] {
    return this.#happenings.filter((happening) => overlaps(happening, fromSeconds, toSeconds));
  }
}

/** A happening and the calm before and after it take this long. */
const SLOT_SECONDS = 15;

/** Slots whose happenings are kept, so that they stay the same objects: older ones are made again when asked for. */
const KEPT_SLOTS = 8;

/** Events one after another with calm between them, for ever, from a seed. */
export class SeededTimeline implements Timeline {
  readonly lengthSeconds = Number.POSITIVE_INFINITY;
  readonly #seed: number;
  readonly #slots = new Map<number, readonly Happening[]>();
  readonly #possible: readonly EventDeclaration[];

  /** @param options.robot - Whether events that happen to robots only may be among them. */
  constructor(seed: number, options: { readonly robot: boolean }) {
    this.#seed = seed;
    this.#possible = events.filter(({ mounting }) => options.robot || mounting !== 'robot');
  }

  between(fromSeconds: number, toSeconds: number): readonly Happening[] {
    const first = Math.max(0, Math.floor(fromSeconds / SLOT_SECONDS));
    const last = Math.floor(toSeconds / SLOT_SECONDS);
    const found: Happening[] = [];
    for (let slot = first; slot <= last; slot++) found.push(...this.#slot(slot));
    return found.filter((happening) => overlaps(happening, fromSeconds, toSeconds));
  }

  #slot(slot: number): readonly Happening[] {
    const known = this.#slots.get(slot);
    if (known) return known;
    const made = this.#draw(slot);
    this.#slots.set(slot, made);
    for (const old of this.#slots.keys()) if (this.#slots.size > KEPT_SLOTS) this.#slots.delete(old);
    return made;
  }

  #draw(slot: number): readonly Happening[] {
    const random = new Random(seedOf(this.#seed, 'slot', slot));
    const start = slot * SLOT_SECONDS + random.between(2, 5);
    const count = random.chance(0.2) ? 2 : 1;
    return random
      .shuffled(this.#possible)
      .slice(0, count)
      .map((event, index) => ({
        event,
        seed: seedOf(this.#seed, 'slot', slot, index),
        startSeconds: start + index * random.between(0, 2),
        endSeconds: (slot + 1) * SLOT_SECONDS - random.between(0.5, 3),
        strength: random.next(),
        place: { across: random.between(-1, 1), away: random.next() },
      }));
  }
}

function overlaps({ startSeconds, endSeconds }: Happening, fromSeconds: number, toSeconds: number): boolean {
  return startSeconds < toSeconds && endSeconds > fromSeconds;
}
