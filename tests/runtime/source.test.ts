import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SensebindError } from '../../runtime/errors';
import type { Driver, Reading } from '../../runtime/reading';
import { DisabledSource, type SourceStatus, SupervisedSource } from '../../runtime/source';
import { ManualClock } from '../support/manualClock';

const READING: Reading = {
  source: 'mic0',
  modality: 'audio',
  timeMicros: 0,
  monotonicMicros: 0,
  clockQuality: 'device',
  flags: [],
  sampleRateHz: 8000,
  channels: [new Float32Array(8)],
};

type Step = 'reading' | 'absent' | 'failed' | 'crash' | 'end' | 'wait';

/** A device that does in each run what it is told. */
function device(runs: readonly (readonly Step[])[]) {
  const clock = new ManualClock();
  let started = 0;
  const driver: Driver = {
    modality: 'audio',
    run: async (sink, signal) => {
      const steps = runs[Math.min(started, runs.length - 1)] ?? [];
      started++;
      for (const step of steps) {
        if (step === 'reading') sink.reading(READING);
        else if (step === 'absent')
          throw new SensebindError('DEVICE_ABSENT', 'expected a card, found none', 'Plug it in.');
        else if (step === 'failed') throw new SensebindError('DEVICE_FAILED', 'expected sound, found none', 'Look.');
        else if (step === 'crash') throw new TypeError('x is not a function');
        else if (step === 'wait')
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        else return;
      }
    },
  };
  const source = new SupervisedSource('mic0', driver, { clock });
  const statuses: SourceStatus[] = [];
  const counts = { readings: 0, interrupted: 0, ended: 0 };
  source.start({
    reading: () => {
      counts.readings++;
    },
    lost: () => undefined,
    interrupted: () => {
      counts.interrupted++;
    },
    status: (status) => statuses.push(status),
    ended: () => {
      counts.ended++;
    },
  });
  return { clock, source, statuses, counts, started: () => started };
}

const states = (statuses: readonly SourceStatus[]): string[] => statuses.map(({ state }) => state);

describe('a supervised source', () => {
  it('is online with its first reading, and ends with its device', async () => {
    const { clock, statuses, counts } = device([['reading', 'reading', 'end']]);
    await clock.advance(1);
    assert.deepEqual(states(statuses), ['online', 'offline']);
    assert.match(statuses[1]?.reason ?? '', /to its end/);
    assert.deepEqual(counts, { readings: 2, interrupted: 0, ended: 1 });
    assert.equal(clock.waiting, 0);
  });

  it('waits for an absent device without using up restarts', async () => {
    const { clock, statuses, source, started } = device([
      ...Array.from({ length: 60 }, () => ['absent'] as const),
      ['reading', 'wait'],
    ]);
    await clock.advance(59_500);
    assert.deepEqual(states(statuses), ['offline']);
    assert.equal(statuses[0]?.error?.code, 'DEVICE_ABSENT');
    assert.equal(started(), 60);
    await clock.advance(1000);
    assert.equal(source.status.state, 'online');
    await source.close();
  });

  it('restarts a failing device with back-off, then tries once a minute, visibly', async () => {
    const { clock, statuses, source, started } = device([['failed']]);
    await clock.advance(10_000);
    assert.deepEqual(states(statuses), ['offline', 'degraded']);
    assert.equal(started(), 6);
    await clock.advance(60_000);
    assert.equal(started(), 7);
    await source.close();
    assert.equal(clock.waiting, 0);
  });

  it('says that readings after a restart do not follow on', async () => {
    const { clock, counts, source, statuses } = device([
      ['reading', 'failed'],
      ['reading', 'wait'],
    ]);
    await clock.advance(1000);
    assert.deepEqual(counts, { readings: 2, interrupted: 1, ended: 0 });
    assert.deepEqual(states(statuses), ['online', 'offline', 'online']);
    await source.close();
  });

  it('gives a driver that crashes a typed error, and goes on', async () => {
    const { clock, statuses, source } = device([['crash'], ['reading', 'wait']]);
    await clock.advance(1000);
    assert.equal(statuses[0]?.error?.code, 'DEVICE_FAILED');
    assert.match(statuses[0]?.reason ?? '', /not a function/);
    assert.equal(source.status.state, 'online');
    await source.close();
  });

  it('closes while it reads and while it waits for the next attempt', async () => {
    const reading = device([['reading', 'wait']]);
    await reading.clock.advance(1);
    await reading.source.close();
    const waiting = device([['failed']]);
    await waiting.clock.advance(1);
    await waiting.source.close();
    assert.equal(waiting.clock.waiting, 0);
  });

  it('is never started when it is switched off', () => {
    const statuses: SourceStatus[] = [];
    const source = new DisabledSource('mic0', 'audio');
    source.start({
      reading: () => assert.fail('it must not read'),
      lost: () => {},
      interrupted: () => {},
      status: (status) => statuses.push(status),
      ended: () => {},
    });
    assert.deepEqual(states(statuses), ['disabled']);
  });
});
