import { isHeldOut, trainingRooms } from '../../devices/simulated/compositions';
import { drawScene } from '../../devices/simulated/drawScene';
import { eventOf, events } from '../../devices/simulated/events/catalogue';
import type { EventDeclaration } from '../../devices/simulated/events/event';
import { Random, seedOf } from '../../devices/simulated/random';
import { type RoomKind, rooms } from '../../devices/simulated/rooms';
import type { Scene } from '../../devices/simulated/scene';
import { SensebindError } from '../errors';
import { Deck } from './deck';
import { firstSceneSeed, type SceneSetSpec } from './sceneSetSpec';

/** What is chosen about one scene of a set; all else comes from its seed. Plain data, also the label of a judged scene. */
export interface PlannedScene {
  readonly seed: number;
  /** Id of the kind of room. */
  readonly room: string;
  /** Ids of what happens in it, none in a calm scene. */
  readonly events: readonly string[];
}

/** In a hundred scenes to learn from: a model that only knew one event at a time could tell neither of these. */
const TWO_EVENTS_PERCENT = 15;
const CALM_PERCENT = 3;

type Kind = 'one' | 'two' | 'calm';

const LEARNED_KINDS: readonly Kind[] = Array.from({ length: 100 }, (_, at) =>
  at < TWO_EVENTS_PERCENT ? 'two' : at < TWO_EVENTS_PERCENT + CALM_PERCENT ? 'calm' : 'one',
);

/**
 * The scenes of a set in order, the same for the same spec for ever. Every event comes equally often, to within one,
 * among the scenes of one event, and each in its rooms equally often; the order is by chance.
 */
export function* planScenes(spec: SceneSetSpec): Generator<PlannedScene, void> {
  const firstSeed = firstSceneSeed(spec);
  const dealer = new Dealer(spec, new Random(seedOf(firstSeed, 'plan')));
  for (let index = 0; index < spec.count; index++) {
    const { room, happening } = dealer.next();
    yield { seed: firstSeed + index, room: room.id, events: happening.map(({ id }) => id) };
  }
}

/**
 * The scene that was planned.
 *
 * @throws {SensebindError} `SCENES_INVALID` for a room or an event that the simulated world does not have.
 */
export function sceneOf({ seed, room, events: ids }: PlannedScene): Scene {
  return drawScene(seed, {
    room: known(
      rooms.find(({ id }) => id === room),
      `room "${room}"`,
    ),
    events: ids.map((id) => known(eventOf(id), `event "${id}"`)),
  });
}

interface Composition {
  readonly room: RoomKind;
  readonly happening: readonly EventDeclaration[];
}

/** Composes events with rooms, both dealt from decks. */
class Dealer {
  readonly #random: Random;
  readonly #heldOut: boolean;
  readonly #kinds: Deck<Kind>;
  readonly #single: Deck<EventDeclaration>;
  readonly #first: Deck<EventDeclaration>;
  readonly #second: Deck<EventDeclaration>;
  readonly #calmRooms: Deck<RoomKind>;
  readonly #roomsOf: ReadonlyMap<EventDeclaration, Deck<RoomKind>>;

  constructor(spec: SceneSetSpec, random: Random) {
    const shown = shownEvents(spec);
    const deck = <Card>(cards: readonly Card[]): Deck<Card> => new Deck(cards, random.fork());
    this.#random = random.fork();
    this.#heldOut = spec.set === 'test' && spec.pairs === 'held';
    this.#kinds = deck(kindsOf(spec));
    this.#single = deck(shown);
    this.#first = deck(shown);
    this.#second = deck(shown);
    this.#calmRooms = deck(rooms);
    this.#roomsOf = new Map(shown.map((event) => [event, deck(this.#roomsFor(event))]));
  }

  next(): Composition {
    switch (this.#kinds.deal()) {
      case 'calm':
        return { room: this.#calmRooms.deal(), happening: [] };
      case 'two':
        return this.#two();
      case 'one': {
        const event = this.#single.deal();
        return { room: this.#roomOf(event), happening: [event] };
      }
    }
  }

  /** Two events in a room that is held out of neither. */
  #two(): Composition {
    const first = this.#first.deal();
    const second = this.#second.deal((event) => event !== first);
    const shared = trainingRooms(first).filter((room) => !isHeldOut(second, room));
    return { room: new Deck(shared, this.#random).deal(), happening: [first, second] };
  }

  #roomOf(event: EventDeclaration): RoomKind {
    return known(this.#roomsOf.get(event), `event "${event.id}"`).deal();
  }

  #roomsFor(event: EventDeclaration): readonly RoomKind[] {
    return this.#heldOut ? rooms.filter((room) => isHeldOut(event, room)) : trainingRooms(event);
  }
}

function kindsOf(spec: SceneSetSpec): readonly Kind[] {
  if (spec.set !== 'test') return LEARNED_KINDS;
  return [spec.pairs === 'two' ? 'two' : 'one'];
}

function shownEvents(spec: SceneSetSpec): readonly EventDeclaration[] {
  if (spec.set !== 'bound' || spec.without === undefined) return events;
  return events.filter(({ id }) => id !== spec.without);
}

function known<Thing>(thing: Thing | undefined, name: string): Thing {
  if (thing !== undefined) return thing;
  throw new SensebindError(
    'SCENES_INVALID',
    `Expected what the simulated world has, found ${name}`,
    'Look at docs/world for its rooms and events; make the set of scenes again if it is of an older version.',
  );
}
