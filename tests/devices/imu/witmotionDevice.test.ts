import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { witmotion } from '../../../devices/imu/witmotionDevice';
import { SimulatedWitMotion, witMotionPacket } from '../../../devices/simulated/wire/witmotion';
import type { MotionReading } from '../../../runtime/reading';
import { deviceContext } from '../../support/deviceContext';
import { ManualClock } from '../../support/manualClock';
import { refused } from '../../support/refused';
import { collectingSink } from '../../support/sinks';
import { testStream } from '../../support/streams';

/** 1 g up, and a number to tell samples apart. */
const acceleration = (number: number): Buffer => witMotionPacket(0x51, [number, 0, 2048, 2500]);
const rotation = (number: number): Buffer => witMotionPacket(0x52, [number, 0, 0, 2500]);
const angles = (): Buffer => witMotionPacket(0x53, [0, 0, 0, 0]);
const field = (): Buffer => witMotionPacket(0x54, [0, 0, 0, 0]);
const cycle = (number: number): Buffer[] => [acceleration(number), rotation(number), angles(), field()];

/** A damaged packet. */
function damaged(packet: Buffer): Buffer {
  const bytes = Buffer.from(packet);
  bytes[4] = (bytes[4] ?? 0) ^ 0x40;
  return bytes;
}

interface Options {
  readonly baudRate?: number;
  readonly rateHz?: number;
  readonly save?: boolean;
}

/** A driver on a device that obeys, or is deaf. */
function start(options: Options = {}, { isDeaf = false } = {}) {
  const clock = new ManualClock();
  const device = new SimulatedWitMotion();
  const stream = testStream((bytes) => {
    const answers = isDeaf ? Buffer.alloc(0) : device.receive(bytes);
    if (answers.length > 0) stream.send(answers, clock.monotonicMicros());
  });
  const sink = collectingSink();
  const stop = new AbortController();
  const driver = witmotion.open(
    { kind: 'witmotion', path: '/dev/imu', ...options },
    deviceContext({ clock, ports: { serial: () => stream.open } }),
  );
  const run = driver.run(sink, stop.signal);
  run.catch(() => undefined);
  const readings = (): MotionReading[] =>
    sink.readings.filter((reading): reading is MotionReading => reading.modality === 'imu');
  return { clock, device, stream, sink, stop, run, readings };
}

/** What the driver hands over for some packets, on a device that does not answer. */
async function decode(packets: readonly Buffer[]) {
  const { stream, sink, stop, run, readings } = start({}, { isDeaf: true });
  for (const packet of packets) stream.send(packet);
  stop.abort();
  await run;
  const count = (metres: number): number => Math.round((metres * 32_768) / (16 * 9.80665));
  const samples = readings().flatMap(({ acceleration: [x], angularVelocity, flags }) =>
    [...x].map((value, index) => {
      const turn = angularVelocity?.[0][index];
      return {
        acceleration: count(value),
        rotation: turn === undefined ? undefined : Math.round((turn * 32_768 * 180) / (2000 * Math.PI)),
        flags,
      };
    }),
  );
  return { samples, losses: sink.losses };
}

describe('a WitMotion sensor', () => {
  it('makes a sample of the packets of one cycle', async () => {
    const { samples, losses } = await decode([...cycle(1), ...cycle(2)]);
    assert.deepEqual(samples, [
      { acceleration: 1, rotation: 1, flags: [] },
      { acceleration: 2, rotation: 2, flags: [] },
    ]);
    assert.deepEqual(losses, {});
  });

  it('gives acceleration alone where the sensor sends no rotation', async () => {
    const { samples } = await decode([acceleration(1), angles(), acceleration(2), angles(), acceleration(3)]);
    assert.deepEqual(
      samples.map(({ rotation: turn, ...sample }) => [sample.acceleration, turn]),
      [
        [1, undefined],
        [2, undefined],
      ],
    );
  });

  it('joins no packets of two cycles, and says where samples are missing', async () => {
    const two = cycle(2);
    for (const [what, middle] of [
      ['rotation of the second', [two[0]!, damaged(two[1]!), two[2]!, two[3]!]],
      ['acceleration of the second', [damaged(two[0]!), two[1]!, two[2]!, two[3]!]],
      ['all of the second', two.map(damaged)],
    ] as const) {
      const { samples } = await decode([...cycle(0), ...cycle(1), ...middle, ...cycle(3), ...cycle(4)]);
      assert.deepEqual(
        samples.map((sample) => [sample.acceleration, sample.rotation, sample.flags]),
        [
          [0, 0, []],
          [1, 1, []],
          [3, 3, ['gap']],
          [4, 4, []],
        ],
        what,
      );
    }
    const { samples } = await decode([
      ...[acceleration(1), rotation(1), acceleration(2), damaged(rotation(2))],
      ...[damaged(acceleration(3)), rotation(3), acceleration(4), rotation(4)],
    ]);
    assert.deepEqual(
      samples.map((sample) => [sample.acceleration, sample.rotation]),
      [
        [1, 1],
        [4, 4],
      ],
    );
  });

  it('flags a sample at the end of the range', async () => {
    const { samples } = await decode([witMotionPacket(0x51, [32_767, 0, 2048, 0]), rotation(0)]);
    assert.deepEqual(samples[0]?.flags, ['clipped']);
  });

  it('sets the rate, keeps it where it is told to, reads it back, and spaces samples evenly', async () => {
    const { clock, device, stream, stop, run, readings } = start({ baudRate: 115_200, rateHz: 100, save: true });
    await clock.advance(1000);
    assert.deepEqual(
      stream.written.map((bytes) => bytes.toString('hex')),
      ['ffaa6988b5', 'ffaa020600', 'ffaa030900', 'ffaa000000', 'ffaa270300'],
    );
    assert.equal(device.rateHz, 100);
    for (let index = 0; index < 1000; index++) {
      await Promise.resolve();
      clock.sleep(10);
      const late = (index * 7919) % 8000;
      const bytes = device.encodeSample({
        acceleration: [index / 1000, 0, 9.8],
        angularVelocity: [0, 0, 0],
        micros: 0,
      });
      stream.send(bytes, clock.monotonicMicros() + late);
    }
    stop.abort();
    await run;
    const times = readings().flatMap(({ sampleMicros }) => [...sampleMicros]);
    const errors = times.slice(300).map((time, index) => Math.abs(time - times[299]! - (index + 1) * 10_000));
    assert.equal(times.length, 1000);
    assert.ok(Math.max(...errors) < 500, `${Math.max(...errors)} µs`);
  });

  it('reads the rate that the sensor is set to where it is not told one, and writes nothing', async () => {
    const { clock, stream, stop, run } = start();
    await clock.advance(1000);
    assert.deepEqual(
      stream.written.map((bytes) => bytes.toString('hex')),
      ['ffaa270300'],
    );
    stop.abort();
    await run;
  });

  it('counts the samples of a sensor that does not answer, and refuses another rate', async () => {
    for (const [periodMillis, isAccepted] of [
      [10, true],
      [100, false],
    ] as const) {
      const { clock, stream, stop, run } = start({ baudRate: 115_200, rateHz: 100 }, { isDeaf: true });
      for (let millis = 0; millis < 4500; millis += periodMillis) {
        await clock.advance(periodMillis);
        stream.send(Buffer.concat([acceleration(millis % 100), rotation(millis % 100)]), clock.monotonicMicros());
      }
      if (isAccepted) {
        assert.equal(stream.isClosed(), false);
        stop.abort();
        await run;
      } else await assert.rejects(run, refused('DEVICE_FAILED', /100 Hz, found 10 Hz/));
    }
  });

  it('finds the rate of a sensor that does not answer where nobody says it', async () => {
    const { clock, stream, stop, run, readings } = start({ baudRate: 115_200 }, { isDeaf: true });
    for (let index = 0; index < 600; index++) {
      await clock.advance(10);
      // It comes in pairs, as from a port that is read now and then.
      const bytes = Buffer.concat([acceleration(index % 100), rotation(index % 100)]);
      stream.send(bytes, clock.monotonicMicros() + (index % 2 === 0 ? 9000 : 0));
    }
    stop.abort();
    await run;
    const times = readings().flatMap(({ sampleMicros }) => [...sampleMicros]);
    const steps = times.slice(500).map((time, index) => time - times[499 + index]!);
    assert.ok(
      steps.every((step) => Math.abs(step - 10_000) < 100),
      String(steps),
    );
  });

  it('refuses a rate that the baud rate cannot carry, and one that it does not know', () => {
    const open = (options: object) =>
      witmotion.open({ kind: 'witmotion', path: '/dev/imu', ...options }, deviceContext());
    assert.throws(() => open({ rateHz: 50 }), refused('CONFIG_INVALID', /9600 baud can carry \(43 Hz\)/));
    assert.throws(() => open({ rateHz: 30, baudRate: 115_200 }), refused('CONFIG_INVALID', /rateHz/));
  });

  it('refuses a sensor without gravity', async () => {
    const { stream, run } = start({}, { isDeaf: true });
    for (let index = 0; index < 60; index++) {
      stream.send(Buffer.concat([witMotionPacket(0x51, [index, 0, 0, 0]), rotation(index)]));
    }
    await assert.rejects(run, refused('INPUT_INVALID', /gravity/));
  });
});
