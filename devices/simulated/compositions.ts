import { events } from './events/catalogue';
import type { EventDeclaration } from './events/event';
import { Random } from './random';
import { type RoomKind, rooms } from './rooms';

/** Fixed: training and judging must mean the same pairs. */
const SEED = 4242;

/**
 * For each event one kind of room, by chance and not by a rule; each kind of room about as often as the others, so that
 * a room tells next to nothing about what cannot happen in it.
 */
const heldOutRooms: readonly RoomKind[] = (() => {
  const random = new Random(SEED);
  const list: RoomKind[] = [];
  while (list.length < events.length) list.push(...random.shuffled(rooms));
  return list;
})();

/** Whether an event in a kind of room is kept out of training, to judge pairs that were never seen. */
export function isHeldOut(event: EventDeclaration, room: RoomKind): boolean {
  return heldOutRooms[events.indexOf(event)] === room;
}

/** The kinds of room in which training may show an event. */
export function trainingRooms(event: EventDeclaration): readonly RoomKind[] {
  return rooms.filter((room) => !isHeldOut(event, room));
}
