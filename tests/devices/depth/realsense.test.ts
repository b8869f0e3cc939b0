import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Z16Decoder } from '../../../devices/depth/realsense';
import { FramePool } from '../../../runtime/frames';
import { collectingSink } from '../../support/sinks';

const TIME = { timeMicros: 1, monotonicMicros: 2, clockQuality: 'device', flags: [] } as const;

function decode(words: readonly number[], options: Partial<ConstructorParameters<typeof Z16Decoder>[0]> = {}) {
  const memory = new FramePool({ frames: 1, bytes: 2 ** 16 });
  const sink = collectingSink();
  const bytes = Buffer.alloc(2 * words.length);
  words.forEach((word, index) => {
    bytes.writeUInt16LE(word, 2 * index);
  });
  new Z16Decoder({ source: 'depth0', memory, width: words.length, height: 1, ...options }).decode(bytes, TIME, sink);
  const [reading] = sink.readings;
  assert.ok(reading?.modality === 'depth');
  return reading;
}

describe('a RealSense', () => {
  // What a real D4xx saw (reference/devices.md §10): nothing, its nearest, centre and farthest pixel.
  it('gives metres of millimetres, and 0 where it saw nothing', () => {
    const { metres, baselineFocal } = decode([0, 341, 1536, 3182]);
    assert.deepEqual(metres, Float32Array.of(0, 0.341, 1.536, 3.182));
    assert.equal(baselineFocal, undefined);
  });

  it('gives metres of the smaller steps of a D405', () => {
    assert.deepEqual(decode([0, 341, 1536], { unit: '100um' }).metres, Float32Array.of(0, 0.0341, 0.1536));
  });

  // reference/devices.md §4, [W]: built from Z = f·B/d. A disparity of 16 pixels of a D435 is 1224 mm.
  it('states what makes disparity of its depth (built from a formula)', () => {
    const { metres, baselineFocal } = decode([1224], { baselineMetres: 0.05017, focalPixels: 390.43 });
    assert.ok(Math.abs((baselineFocal ?? 0) / (metres[0] ?? 0) - 16) < 0.01);
  });

  it('gives its memory back, and counts what there is none for', () => {
    const memory = new FramePool({ frames: 1, bytes: 2 ** 16 });
    const decoder = new Z16Decoder({ source: 'depth0', memory, width: 2, height: 1 });
    let readings = 0;
    const counting = { reading: () => readings++, lost: assert.fail };
    for (let round = 0; round < 3; round++) decoder.decode(Buffer.alloc(4), TIME, counting);
    assert.deepEqual([readings, memory.stats().inUse], [3, 0]);
    const failing = { reading: () => assert.fail('a mistake of a reader'), lost: assert.fail };
    assert.throws(() => decoder.decode(Buffer.alloc(4), TIME, failing), /a mistake/);
    assert.equal(memory.stats().inUse, 0);
    const sink = collectingSink();
    decoder.decode(Buffer.alloc(4), TIME, sink);
    decoder.decode(Buffer.alloc(4), TIME, sink);
    assert.deepEqual(sink.losses, { memory: 1 });
  });
});
