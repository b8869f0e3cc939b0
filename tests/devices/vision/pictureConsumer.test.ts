import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TappedStream } from '../../../devices/gstreamer/tappedStream';
import { PictureConsumer } from '../../../devices/vision/pictureConsumer';
import { FramePool } from '../../../runtime/frames';
import type { VisionReading } from '../../../runtime/reading';
import { ManualClock } from '../../support/manualClock';
import { collectingSink } from '../../support/sinks';
import { bufferLine, formatLine } from '../gstreamer/tapLines';

const PERIOD_MILLIS = 100;

/** A camera of 5x2 pixels: 15 bytes of pixels and one of padding in a row. */
const WIDTH = 5;
const HEIGHT = 2;
const BUFFER_BYTES = 32;

function camera({ frames = 64 }: { readonly frames?: number } = {}) {
  const clock = new ManualClock();
  const sink = collectingSink();
  const memory = new FramePool({ frames, bytes: 2 ** 20 });
  const consumer = new PictureConsumer(
    { source: 'cam0', clock, memory, clockQuality: 'device', flags: [], startsWithGap: false },
    sink,
  );
  const broken: string[] = [];
  const tapped = new TappedStream(consumer, (reason) => broken.push(reason));
  tapped.line(formatLine(WIDTH, HEIGHT), 0);
  let offset = 0;
  return {
    clock,
    sink,
    memory,
    tapped,
    broken,
    pictures: () => sink.readings as VisionReading[],
    /** One picture, taken `ageMillis` before now. */
    send(options: { readonly ageMillis?: number; readonly skip?: number; readonly flags?: string } = {}): void {
      const { ageMillis = 0, skip = 0, flags = '00000000 ' } = options;
      offset += skip;
      const ptsMicros = clock.monotonicMicros() - ageMillis * 1000;
      tapped.line(bufferLine({ bytes: BUFFER_BYTES, ptsMicros, offset: offset++, flags }), clock.monotonicMicros());
      tapped.append(new Uint8Array(BUFFER_BYTES), clock.monotonicMicros());
    },
  };
}

describe('pictures of a camera', () => {
  it('have no padding, for any width and any chunking', () => {
    const size = fc.integer({ min: 1, max: 23 });
    fc.assert(
      fc.property(size, size, fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1 }), (width, height, chunks) => {
        const { tapped, pictures, broken } = camera();
        // GStreamer's rule: rows begin at multiples of four.
        const stride = (width * 3 + 3) & ~3;
        const bytes = new Uint8Array(stride * height).fill(255);
        for (let row = 0; row < height; row++) {
          for (let column = 0; column < width * 3; column++) bytes[row * stride + column] = (row * 7 + column) % 200;
        }
        tapped.line(formatLine(width, height), 0);
        tapped.line(bufferLine({ bytes: bytes.length, ptsMicros: 0 }), 0);
        for (let at = 0, chunk = 0; at < bytes.length; chunk++) {
          const end = at + (chunks[chunk % chunks.length] ?? 1);
          tapped.append(bytes.subarray(at, end), 0);
          at = end;
        }
        const expected = Array.from({ length: height }, (_, row) =>
          Array.from({ length: width * 3 }, (__, column) => (row * 7 + column) % 200),
        ).flat();
        assert.deepEqual(broken, []);
        assert.deepEqual(
          pictures().map(({ rgb }) => [...rgb]),
          [expected],
        );
      }),
    );
  });

  it('have the time of their exposure, not of their arrival', async () => {
    const { clock, send, pictures } = camera();
    await clock.advance(1000);
    for (const ageMillis of [30, 10, 60, 10, 45]) {
      send({ ageMillis });
      await clock.advance(PERIOD_MILLIS);
    }
    // From the second on, the fastest way that was seen takes as long as that one's.
    const times = pictures().map(({ monotonicMicros }) => monotonicMicros);
    assert.deepEqual(times, [1_000_000, 1_100_000, 1_150_000, 1_300_000, 1_365_000]);
    const [{ timeMicros, monotonicMicros }] = pictures() as [VisionReading];
    assert.equal(timeMicros - monotonicMicros, clock.epochStartMicros);
  });

  it('that are stale are dropped and counted, and the next one says so', async () => {
    const { clock, send, pictures, sink } = camera();
    send();
    await clock.advance(2000);
    send({ ageMillis: 1900 });
    send({ ageMillis: 0 });
    send();
    assert.deepEqual(sink.losses, { stale: 1 });
    assert.deepEqual(
      pictures().map(({ flags }) => flags),
      [[], ['gap'], []],
    );
  });

  it('come again when all of them are late', async () => {
    const { clock, send, pictures, sink } = camera();
    send();
    await clock.advance(2000);
    for (let count = 0; count < 20; count++) send({ ageMillis: 1000 });
    assert.equal((sink.losses.stale ?? 0) + pictures().length, 21);
    assert.ok(pictures().length > 10);
  });

  it('whose numbers are missing were replaced by newer ones', () => {
    const { send, pictures, sink } = camera();
    send({ flags: '00000040 discont ' });
    send({ skip: 3, flags: '00000040 discont ' });
    send();
    assert.deepEqual(sink.losses, { stale: 3 });
    assert.deepEqual(
      pictures().map(({ flags }) => flags),
      [[], ['gap'], []],
    );
  });

  it('that a decoder found damaged are dropped', () => {
    const { send, pictures, sink } = camera();
    send({ flags: '00000100 corrupted ' });
    send();
    assert.deepEqual(sink.losses, { invalid: 1 });
    assert.equal(pictures().length, 1);
  });

  it('without memory are dropped, and the stream goes on', () => {
    const { send, pictures, sink, memory } = camera({ frames: 1 });
    send();
    send();
    assert.deepEqual(sink.losses, { memory: 1 });
    pictures()[0]?.frame.release();
    send();
    assert.equal(pictures().length, 2);
    pictures()[1]?.frame.release();
    assert.equal(memory.stats().inUse, 0);
  });

  it('of another size than announced end the stream', () => {
    const { tapped, broken, memory } = camera();
    tapped.line(bufferLine({ bytes: 30 }), 0);
    tapped.append(new Uint8Array(30), 0);
    assert.match(broken.join(), /30 bytes .* 5x2, expected 32/);
    assert.equal(memory.stats().inUse, 0);
  });

  it('that are cut off give back their memory', () => {
    const { tapped, memory } = camera();
    tapped.line(bufferLine({ bytes: BUFFER_BYTES }), 0);
    tapped.append(new Uint8Array(10), 0);
    assert.equal(memory.stats().inUse, 1);
    assert.equal(tapped.finish(), 10);
    assert.equal(memory.stats().inUse, 0);
  });
});
