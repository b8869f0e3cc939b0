import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Freeze, Liveness } from '../../devices/liveness';
import type { Millis } from '../../runtime/clock';
import { FramePool } from '../../runtime/frames';
import type { DepthReading } from '../../runtime/reading';
import { ManualClock } from '../support/manualClock';
import { collectingSink } from '../support/sinks';

const [WIDTH, HEIGHT] = [640, 480];

function watched() {
  const clock = new ManualClock();
  const freezes: Freeze[] = [];
  const liveness = new Liveness(collectingSink(), {
    clock,
    limits: { silentAfter: 2000 as Millis, sameAfter: 10_000 as Millis },
    onFrozen: (freeze) => freezes.push(freeze),
  });
  return { clock, liveness, freezes };
}

/** A picture as a depth camera gives it: nothing at its left edge. */
function depth(metresAt: (x: number, y: number) => number): DepthReading {
  const frame = new FramePool({ frames: 1, bytes: 2 ** 22 }).acquire(WIDTH * HEIGHT * 4)!;
  const metres = new Float32Array(frame.buffer, 0, WIDTH * HEIGHT);
  metres.forEach((_, index) => {
    const x = index % WIDTH;
    metres[index] = x < 40 ? 0 : metresAt(x, Math.floor(index / WIDTH));
  });
  return {
    source: 'depth0',
    modality: 'depth',
    timeMicros: 0,
    monotonicMicros: 0,
    clockQuality: 'device',
    flags: [],
    width: WIDTH,
    height: HEIGHT,
    frame,
    metres,
  };
}

describe('a sensor that hangs', () => {
  it('is not one that sees nothing for a long time', async () => {
    const { clock, liveness, freezes } = watched();
    const covered = depth(() => 0);
    for (let second = 0; second < 30; second++) {
      liveness.reading(covered);
      await clock.advance(1000);
    }
    assert.deepEqual(freezes, []);
    liveness.stop();
  });

  it('is not one whose picture changes outside one column', async () => {
    const { clock, liveness, freezes } = watched();
    const pictures = [0, 1].map((noise) => depth((x, y) => (x === 320 ? 3 : 3 + ((x + y + noise) % 2) / 1000)));
    for (let second = 0; second < 30; second++) {
      liveness.reading(pictures[second % 2]!);
      await clock.advance(1000);
    }
    assert.deepEqual(freezes, []);
    liveness.stop();
  });

  it('is not one whose readings we have no memory for', async () => {
    const { clock, liveness, freezes } = watched();
    for (let second = 0; second < 10; second++) {
      liveness.lost('memory', 1);
      await clock.advance(1000);
    }
    assert.deepEqual(freezes, []);
    liveness.stop();
  });

  it('sends the same picture for ten seconds, or bytes of no use for two', async () => {
    const same = watched();
    const picture = depth((x) => x / 100);
    for (let second = 0; second <= 10; second++) {
      same.liveness.reading(picture);
      await same.clock.advance(1000);
    }
    assert.deepEqual(same.freezes, ['same']);
    const useless = watched();
    for (let second = 0; second < 3; second++) {
      useless.liveness.lost('corrupt-bytes', 100);
      await useless.clock.advance(1000);
    }
    assert.deepEqual(useless.freezes, ['silent']);
  });
});
