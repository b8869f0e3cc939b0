import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isHeldOut, trainingRooms } from '../../../devices/simulated/compositions';
import { drawScene } from '../../../devices/simulated/drawScene';
import { events } from '../../../devices/simulated/events/catalogue';
import { rooms } from '../../../devices/simulated/rooms';

describe('pairs of event and room that are held out', () => {
  it('are one a event, and as many in each kind of room', () => {
    for (const event of events) assert.equal(trainingRooms(event).length, rooms.length - 1);
    const inRoom = rooms.map((room) => events.filter((event) => isHeldOut(event, room)).length);
    assert.ok(Math.max(...inRoom) - Math.min(...inRoom) <= 1);
  });
});

describe('events by chance', () => {
  it('are as many as was asked for, each another, and of all kinds', () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 300; seed++) {
      const count = seed % 3;
      const ids = drawScene(seed, { count }).happenings.map(({ event }) => event.id);
      assert.equal(new Set(ids).size, count);
      for (const id of ids) seen.add(id);
    }
    assert.equal(seen.size, events.length);
  });

  it('bring a robot where they need one', () => {
    const slip = events.find(({ id }) => id === 'wheel_slip')!;
    for (let seed = 0; seed < 20; seed++) {
      const { mounting } = drawScene(seed, { events: [events[0]!, slip] });
      assert.deepEqual([mounting.kind, mounting.moving], ['robot', true]);
    }
  });
});
