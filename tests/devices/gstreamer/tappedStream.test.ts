import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type AnnouncedBuffer, type BufferConsumer, TappedStream } from '../../../devices/gstreamer/tappedStream';
import { bufferLine, formatLine } from './tapLines';

/** Keeps what it is given, as text. */
class Collector implements BufferConsumer {
  readonly log: string[] = [];
  readonly arrivals: number[] = [];
  #bytes: number[] = [];

  begin(buffer: AnnouncedBuffer, arrivedMicros: number): string | undefined {
    this.log.push(`begin ${buffer.bytes} ${buffer.ptsMicros} ${buffer.format?.width}`);
    this.arrivals.push(arrivedMicros);
    this.#bytes = [];
    return buffer.offset === 13 ? 'thirteen' : undefined;
  }

  part(bytes: Uint8Array, position: number): void {
    assert.equal(position, this.#bytes.length);
    this.#bytes.push(...bytes);
  }

  end(): void {
    this.log.push(`end ${this.#bytes.join()}`);
  }

  abandon(position: number): number {
    this.log.push(`abandon ${position}`);
    return position;
  }
}

function stream() {
  const consumer = new Collector();
  const broken: string[] = [];
  return { consumer, broken, tapped: new TappedStream(consumer, (reason) => broken.push(reason)) };
}

describe('buffers from lines and bytes', () => {
  it('are the same for any chunking, and whichever comes first', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(
        sizes,
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
        fc.infiniteStream(fc.boolean()),
        (buffers, chunks, lineIsNext) => {
          const total = buffers.reduce((sum, size) => sum + size, 0);
          const bytes = Uint8Array.from({ length: total }, (_, index) => index % 251);
          const lines = buffers.flatMap((size, index) => [
            formatLine(index + 1, 2),
            bufferLine({ bytes: size, ptsMicros: index * 1000, offset: 20 + index }),
          ]);
          const { consumer, broken, tapped } = stream();
          let at = 0;
          let chunk = 0;
          while (at < total || lines.length > 0) {
            const isLine = lineIsNext.next().value ? lines.length > 0 : at >= total;
            if (isLine) tapped.line(lines.shift() ?? '', 0);
            else if (at < total) {
              const size = chunks[chunk++ % chunks.length] ?? 1;
              // The pipe uses its memory again.
              const piece = bytes.slice(at, at + size);
              tapped.append(piece, 0);
              piece.fill(255);
              at += size;
            }
          }
          let start = 0;
          const expected = buffers.flatMap((size, index) => {
            const content = bytes.subarray(start, start + size).join();
            start += size;
            return [`begin ${size} ${index * 1000} ${index + 1}`, `end ${content}`];
          });
          assert.deepEqual(consumer.log, expected);
          assert.deepEqual(broken, []);
          assert.equal(tapped.rest(), undefined);
        },
      ),
    );
  });

  it('have come when the first was heard of them', () => {
    const { consumer, tapped } = stream();
    tapped.append(Uint8Array.of(1, 2, 3), 100);
    tapped.line(bufferLine({ bytes: 3 }), 200);
    tapped.line(bufferLine({ bytes: 3 }), 300);
    tapped.append(Uint8Array.of(1, 2, 3), 400);
    assert.deepEqual(consumer.arrivals, [100, 300]);
  });

  it('let the pipe rest while bytes wait for their line', async () => {
    const { tapped } = stream();
    tapped.append(Uint8Array.of(1), 0);
    const rest = tapped.rest();
    assert.ok(rest);
    tapped.line(bufferLine({ bytes: 1 }), 0);
    await rest;
    assert.equal(tapped.rest(), undefined);
  });

  it('end, and the pipe goes on, when neither memory nor patience should grow', async () => {
    const bytes = stream();
    bytes.tapped.append(new Uint8Array(2 ** 20), 0);
    const rest = bytes.tapped.rest();
    for (let mebibytes = 1; mebibytes < 10; mebibytes++) bytes.tapped.append(new Uint8Array(2 ** 20), 0);
    assert.equal(bytes.broken.length, 1);
    await rest;
    const lines = stream();
    for (let count = 0; count < 10_000; count++) lines.tapped.line(bufferLine({ bytes: 1 }), 0);
    assert.equal(lines.broken.length, 1);
  });

  it('that cannot be taken end everything, once', () => {
    const { consumer, broken, tapped } = stream();
    tapped.line(bufferLine({ bytes: 1, offset: 13 }), 0);
    tapped.append(Uint8Array.of(1, 2), 0);
    tapped.append(Uint8Array.of(1, 2), 0);
    tapped.line(bufferLine({ bytes: 1 }), 0);
    assert.deepEqual(broken, ['thirteen']);
    assert.equal(consumer.log.length, 1);
  });

  it('are abandoned where they are cut off', () => {
    const { consumer, tapped } = stream();
    tapped.line(bufferLine({ bytes: 5 }), 0);
    tapped.append(Uint8Array.of(1, 2), 0);
    assert.equal(tapped.finish(), 2);
    tapped.append(Uint8Array.of(3, 4, 5), 0);
    assert.deepEqual(consumer.log.slice(1), ['abandon 2']);
  });
});
