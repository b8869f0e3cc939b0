import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ByteDecoder, StreamDriver } from '../../devices/streamDriver';
import type { Millis } from '../../runtime/clock';
import { SensebindError } from '../../runtime/errors';
import type { MotionReading, ReadingSink } from '../../runtime/reading';
import { ManualClock } from '../support/manualClock';
import { refused } from '../support/refused';
import { collectingSink } from '../support/sinks';
import { testStream } from '../support/streams';

const LIMITS = { silentAfter: 2000 as Millis, sameAfter: 10_000 as Millis };

/** Some samples of one value, in one reading. */
function motion(values: readonly number[]): MotionReading {
  const axis = Float32Array.from(values);
  return {
    source: 'imu0',
    modality: 'imu',
    timeMicros: 0,
    monotonicMicros: 0,
    clockQuality: 'arrival',
    flags: [],
    sampleMicros: Float64Array.from(values, (_, index) => index),
    acceleration: [axis, axis, axis],
  };
}

type Fail = (error: SensebindError) => void;

/** A device whose bytes are samples: each chunk is a reading. What a test wants otherwise, it brings. */
function running(
  parts: (run: { readonly sink: ReadingSink; readonly fail: Fail }) => Partial<ByteDecoder> = () => ({}),
) {
  const clock = new ManualClock();
  const stream = testStream();
  const sink = collectingSink();
  const stop = new AbortController();
  let finished = 0;
  const driver = new StreamDriver(
    {
      modality: 'imu',
      limits: LIMITS,
      decoder: (given, fail) => ({
        append: (bytes) => given.reading(motion([...bytes])),
        finish: () => {
          finished++;
        },
        ...parts({ sink: given, fail }),
      }),
    },
    { name: 'port0', open: stream.open, clock },
  );
  const run = driver.run(sink, stop.signal);
  // Tests look at the rejection later.
  run.catch(() => undefined);
  return { clock, stream, sink, stop, run, finished: () => finished };
}

describe('a driver of a stream', () => {
  it('hands over what its decoder makes, and ends when it is told to', async () => {
    const { stream, sink, stop, run, finished, clock } = running();
    stream.send(Uint8Array.of(1, 2));
    stop.abort();
    await run;
    assert.ok(stream.isClosed());
    stream.send(Uint8Array.of(3));
    assert.equal(sink.readings.length, 1);
    assert.equal(finished(), 1);
    assert.equal(clock.waiting, 0);
  });

  for (const [end, code] of [
    [{ kind: 'absent', reason: 'unplugged', cure: 'plug it in' }, 'DEVICE_ABSENT'],
    [{ kind: 'failed', reason: 'busy', cure: 'look who has it' }, 'DEVICE_FAILED'],
    [{ kind: 'closed' }, 'DEVICE_FAILED'],
  ] as const) {
    it(`answers a stream that is ${end.kind} with ${code}`, async () => {
      const { stream, run, clock } = running();
      stream.end(end);
      await assert.rejects(run, refused(code, /port0/));
      assert.equal(clock.waiting, 0);
    });
  }

  it('comes to its end with a stream that has one', async () => {
    const { stream, run } = running();
    stream.end({ kind: 'finished' });
    await run;
  });

  it('finds a device that says nothing, and tells one that says nothing valid', async () => {
    const silent = running();
    await silent.clock.advance(1900);
    assert.equal(silent.stream.isClosed(), false);
    await silent.clock.advance(200);
    await assert.rejects(silent.run, refused('DEVICE_FROZEN', /found nothing for 2 s/));
    const garbled = running(() => ({ append: () => undefined }));
    garbled.stream.send(Uint8Array.of(1, 2, 3));
    await garbled.clock.advance(2100);
    await assert.rejects(garbled.run, refused('DEVICE_FROZEN', /no valid one for 2 s \(3 bytes/));
    assert.equal(garbled.clock.waiting, 0);
  });

  it('finds a device that says the same for ever, in batches of any length, and none that changes', async () => {
    const hanging = running();
    for (let second = 0; second < 11; second++) {
      hanging.stream.send(Uint8Array.from({ length: 1 + (second % 3) }, () => 7));
      await hanging.clock.advance(1000);
    }
    await assert.rejects(hanging.run, refused('DEVICE_FROZEN', /the same numbers for 10 s/));
    const noisy = running();
    for (let second = 0; second < 30; second++) {
      noisy.stream.send(Uint8Array.of(7, second % 9 === 0 ? 8 : 7));
      await noisy.clock.advance(1000);
    }
    assert.equal(noisy.stream.isClosed(), false);
    noisy.stop.abort();
    await noisy.run;
  });

  it('ends with the error of a decoder that gives up or breaks, and reads no further', async () => {
    const invalid = new SensebindError('INPUT_INVALID', 'expected gravity, found none', 'Look.');
    const gaveUp = running(({ fail }) => ({ append: () => fail(invalid) }));
    gaveUp.stream.send(Uint8Array.of(1));
    await assert.rejects(gaveUp.run, refused('INPUT_INVALID', /gravity/));
    const broken = running(() => ({
      append: () => {
        throw new TypeError('x is not a function');
      },
    }));
    broken.stream.send(Uint8Array.of(1));
    await assert.rejects(broken.run, TypeError);
    assert.ok(broken.stream.isClosed());
  });

  it('ends with the error of settings that the device does not take', async () => {
    const wrong = new SensebindError('DEVICE_FAILED', 'expected 100 Hz, found 10', 'Look.');
    const { run, stream } = running(() => ({ configure: () => Promise.reject(wrong) }));
    await assert.rejects(run, refused('DEVICE_FAILED', /100 Hz/));
    assert.ok(stream.isClosed());
  });

  it('waits for its settings to end, and does not blame them for a stream that ended', async () => {
    let signalled = false;
    const { run, stream } = running(() => ({
      configure: (_, signal) =>
        new Promise((__, reject) => {
          signal.addEventListener('abort', () => {
            signalled = true;
            reject(new Error('interrupted'));
          });
        }),
    }));
    stream.end({ kind: 'absent', reason: 'unplugged', cure: 'plug it in' });
    await assert.rejects(run, refused('DEVICE_ABSENT'));
    assert.ok(signalled);
  });
});
