import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { parseScenario } from '../../../devices/simulated/scenario';
import { SENSORS } from '../../../devices/simulated/sensor';
import { seededScenario } from '../../../devices/simulated/sharedWorld';
import { type SimulateOptions, simulateReadings } from '../../../devices/simulated/simulateReadings';
import type { Truth } from '../../../devices/simulated/truth';
import { FramePool } from '../../../runtime/frames';
import type { Reading } from '../../../runtime/reading';

const START = { timeMicros: 1_700_000_000_000_000, monotonicMicros: 5_000_000 };
const SMALL = { width: 24, height: 18 };

function options(parts: Partial<SimulateOptions> & Pick<SimulateOptions, 'reading'>): SimulateOptions {
  return {
    scenario: seededScenario(12),
    sources: SENSORS.map((sensor) => ({
      ...{ source: `${sensor}0`, sensor },
      ...(sensor === 'vision' || sensor === 'depth' || sensor === 'thermal' ? { size: SMALL } : {}),
    })),
    seconds: 8,
    start: START,
    memory: new FramePool({ frames: 1, bytes: 2 ** 20 }),
    ...parts,
  };
}

/** The numbers of a reading, and all that it says of itself. */
function contentOf(reading: Reading): Buffer {
  const arrays: (Uint8Array | Float32Array | Float64Array)[] = [];
  const words = JSON.stringify(reading, (key, value) => {
    if (key === 'frame') return undefined;
    if (!ArrayBuffer.isView(value)) return value;
    arrays.push(value as Float32Array);
    return 'array';
  });
  const bytes = arrays.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength));
  return Buffer.concat([Buffer.from(words), ...bytes]);
}

describe('readings in lock step', () => {
  it('are byte for byte the same each time, in the order of time, none dropped', async () => {
    const hashes: string[] = [];
    for (let run = 0; run < 2; run++) {
      const hash = createHash('sha256');
      const counts = new Map<string, number>();
      let complete = 0;
      await simulateReadings(
        options({
          reading: async (reading) => {
            hash.update(contentOf(reading));
            counts.set(reading.source, (counts.get(reading.source) ?? 0) + 1);
            const length = reading.modality === 'audio' || reading.modality === 'imu' ? 50_000 : 0;
            assert.ok(reading.monotonicMicros + length >= complete);
            complete = reading.monotonicMicros + length;
            assert.equal(reading.timeMicros - reading.monotonicMicros, START.timeMicros - START.monotonicMicros);
          },
        }),
      );
      assert.deepEqual(Object.fromEntries(counts), {
        ...{ vision0: 40, depth0: 40, thermal0: 64 },
        ...{ audio0: 160, imu0: 160, radar0: 80 },
      });
      hashes.push(hash.digest('hex'));
    }
    assert.equal(hashes[0], hashes[1]);
  });

  it('give every frame back', async () => {
    const memory = new FramePool({ frames: 2, bytes: 2 ** 20 });
    await simulateReadings(options({ memory, seconds: 1, reading: () => undefined }));
    assert.equal(memory.stats().inUse, 0);
  });

  it('show what the truth says, when it says so', async () => {
    const scenario = parseScenario(
      'version: 1\nseed: 2\nlength: 6\nevents: [{ at: 2, event: fire, for: 2, strength: 1, across: 0, away: 0 }]',
      'script',
    );
    const hottest: number[] = [];
    const truth: Truth[] = [];
    await simulateReadings(
      options({
        scenario,
        seconds: 60,
        reading: (reading) => {
          if (reading.modality === 'thermal') hottest.push(Math.max(...reading.values));
        },
        truth: (told) => truth.push(told),
      }),
    );
    assert.equal(hottest.length, 48);
    hottest.forEach((kelvin, frame) => {
      const seconds = (frame + 1) / 8;
      assert.equal(kelvin > 450, seconds >= 2 && seconds < 4, `${seconds} s: ${kelvin} K`);
    });
    assert.deepEqual(
      truth.map(({ kind, event, monotonicMicros }) => [kind, event, monotonicMicros]),
      [
        ['started', 'fire', START.monotonicMicros + 2e6],
        ['ended', 'fire', START.monotonicMicros + 4e6],
      ],
    );
  });

  it('end when whoever takes them fails, or is told to stop', async () => {
    const memory = new FramePool({ frames: 1, bytes: 2 ** 20 });
    const fails = simulateReadings(
      options({
        memory,
        reading: (reading) => {
          if (reading.modality === 'vision') throw new Error('disk full');
        },
      }),
    );
    await assert.rejects(fails, /disk full/);
    assert.equal(memory.stats().inUse, 0);
    const stop = new AbortController();
    let taken = 0;
    const stops = simulateReadings(
      options({
        signal: stop.signal,
        reading: () => {
          taken++;
          if (taken === 5) stop.abort();
        },
      }),
    );
    await assert.rejects(stops, { name: 'AbortError' });
    assert.equal(taken, 5);
  });
});
