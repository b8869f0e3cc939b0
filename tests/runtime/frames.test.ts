import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Frame, FramePool, frameOf } from '../../runtime/frames';
import { refused } from '../support/refused';

const PAGE = 4096;

describe('a frame', () => {
  it('has exactly the bytes that were asked for, at the start of shared memory', () => {
    const frame = new FramePool({ frames: 1, bytes: PAGE }).acquire(100)!;
    assert.ok(frame.bytes.buffer instanceof SharedArrayBuffer);
    assert.equal(frame.bytes.buffer, frame.buffer);
    assert.deepEqual([frame.bytes.byteOffset, frame.bytes.length], [0, 100]);
    assert.equal(frame.references, 1);
  });

  it('goes back with its last holder, not before', () => {
    const pool = new FramePool({ frames: 1, bytes: PAGE });
    const frame = pool.acquire(10)!;
    assert.equal(frame.retain(), frame);
    frame.release();
    assert.equal(frame.references, 1);
    assert.equal(pool.acquire(10), undefined);
    frame.release();
    assert.notEqual(pool.acquire(10), undefined);
  });

  it('refuses to be released or retained once it is back, also when its memory has a new owner', () => {
    const pool = new FramePool({ frames: 1, bytes: PAGE });
    const frame = pool.acquire(10)!;
    frame.release();
    assert.throws(() => frame.release(), refused('FRAME_RELEASED'));
    assert.throws(() => frame.retain(), refused('FRAME_RELEASED'));
    const next = pool.acquire(10)!;
    assert.equal(next.buffer, frame.buffer);
    assert.throws(() => frame.release(), refused('FRAME_RELEASED'));
    assert.equal(next.references, 1);
    assert.equal(pool.stats().inUse, 1);
  });

  it('is found by its memory while it is held', () => {
    const pool = new FramePool({ frames: 1, bytes: PAGE });
    const frame = pool.acquire(10)!;
    assert.equal(frameOf(frame.buffer), frame);
    frame.release();
    assert.equal(frameOf(frame.buffer), undefined);
    const next = pool.acquire(10)!;
    assert.equal(frameOf(frame.buffer), next);
    assert.equal(frameOf(new SharedArrayBuffer(10)), undefined);
  });
});

describe('a pool of frames', () => {
  it('reuses memory of nearly the same size, and spends no large one on a small frame', () => {
    const pool = new FramePool({ frames: 8, bytes: 100 * PAGE });
    const large = pool.acquire(10 * PAGE)!;
    large.release();
    assert.equal(pool.acquire(9 * PAGE + 1)!.buffer, large.buffer);
    assert.equal(pool.stats().kept, 0);
    const other = pool.acquire(10 * PAGE)!;
    other.release();
    assert.notEqual(pool.acquire(PAGE)!.buffer, other.buffer);
  });

  it('allocates nothing for frames that come and go', () => {
    const pool = new FramePool({ frames: 4, bytes: 100 * PAGE });
    const buffers = new Set<SharedArrayBuffer>();
    for (let round = 0; round < 50; round++) {
      const frames = [10_000, 20_000, 40_000].map((bytes) => pool.acquire(bytes)!);
      for (const frame of frames) {
        buffers.add(frame.buffer);
        frame.release();
      }
    }
    assert.equal(buffers.size, 3);
  });

  it('lets kept memory go when a frame of another size needs the room, or the place', () => {
    const byBytes = new FramePool({ frames: 8, bytes: 10 * PAGE });
    byBytes.acquire(8 * PAGE)!.release();
    byBytes.acquire(3 * PAGE);
    assert.deepEqual(byBytes.stats(), {
      inUse: 1,
      bytesInUse: 3 * PAGE,
      kept: 0,
      bytesKept: 0,
      acquired: 2,
      refused: 0,
    });
    const byNumber = new FramePool({ frames: 1, bytes: 100 * PAGE });
    byNumber.acquire(PAGE)!.release();
    byNumber.acquire(50 * PAGE);
    assert.equal(byNumber.stats().kept, 0);
  });

  it('refuses what is larger than all its room, and counts it', () => {
    const pool = new FramePool({ frames: 8, bytes: 10 * PAGE });
    assert.equal(pool.acquire(10 * PAGE + 1), undefined);
    assert.equal(pool.acquire(Number.POSITIVE_INFINITY), undefined);
    assert.equal(pool.stats().refused, 2);
  });

  it('never gives memory to two, and never holds more than its limits, whatever happens', () => {
    const limits = { frames: 5, bytes: 20 * PAGE };
    const step = fc.oneof(
      fc.record({ do: fc.constant('acquire' as const), bytes: fc.integer({ min: 0, max: 22 * PAGE }) }),
      fc.record({ do: fc.constant('acquire' as const), bytes: fc.integer({ min: 0, max: 3 * PAGE }) }),
      fc.record({ do: fc.constantFrom('retain' as const, 'release' as const), which: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const pool = new FramePool(limits);
        const holds: Frame[] = [];
        const marks = new Map<Frame, number>();
        for (const [index, what] of steps.entries()) {
          if (what.do === 'acquire') {
            const frame = pool.acquire(what.bytes);
            if (frame === undefined) continue;
            frame.bytes.fill(index);
            marks.set(frame, index);
            holds.push(frame);
          } else if (holds.length > 0) {
            const place = what.which % holds.length;
            if (what.do === 'retain') holds.push(holds[place]!.retain());
            else holds.splice(place, 1)[0]!.release();
          }
          const held = new Set(holds);
          for (const frame of held) {
            assert.equal(frame.references, holds.filter((each) => each === frame).length);
            assert.ok(frame.bytes.every((byte) => byte === marks.get(frame)! % 256));
          }
          const { inUse, kept, bytesInUse, bytesKept } = pool.stats();
          assert.equal(inUse, held.size);
          assert.ok(inUse + kept <= limits.frames && bytesInUse + bytesKept <= limits.bytes);
          assert.equal(
            bytesInUse,
            [...held].reduce((sum, { buffer }) => sum + buffer.byteLength, 0),
          );
        }
      }),
      { numRuns: 200 },
    );
  });
});
