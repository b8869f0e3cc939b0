import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Transformer } from '@napi-rs/image';
import type { OpenMessages, TakeMessage } from '../../../devices/ports/messages';
import { readingsInDevices } from '../../../devices/readingsIn/devices';
import type { Loss, Reading } from '../../../runtime/reading';
import { type BoardMessage, boardMessage, soundMessage } from '../../support/board';
import { deviceContext } from '../../support/deviceContext';
import { ManualClock } from '../../support/manualClock';
import { refused } from '../../support/refused';

type Kind = 'audio' | 'imu' | 'thermal' | 'depth' | 'camera';

/** A driver under test, with a broker that hands over what the test gives it. */
function run(kind: Kind, { withBroker = true } = {}) {
  const clock = new ManualClock();
  const stop = new AbortController();
  let take: TakeMessage | undefined;
  const messages: OpenMessages = (_source, next) => {
    take = next;
    return () => {
      take = undefined;
    };
  };
  const context = deviceContext({ clock, ...(withBroker ? { ports: { messages } } : {}) });
  const declaration = readingsInDevices.find((device) => device.kind === `mqtt-${kind}`)!;
  const readings: Reading[] = [];
  const losses: Partial<Record<Loss, number>> = {};
  let onReading = (): void => undefined;
  const ended = declaration.open({ kind: `mqtt-${kind}` }, context).run(
    {
      reading: (reading) => {
        if ('frame' in reading) reading.frame.retain();
        readings.push(reading);
        onReading();
      },
      lost: (reason, amount) => {
        losses[reason] = (losses[reason] ?? 0) + amount;
      },
    },
    stop.signal,
  );
  ended.catch(() => undefined);
  return {
    clock,
    readings,
    losses,
    ended,
    isListening: () => take !== undefined,
    say: (payload: Uint8Array) => take?.(payload, clock.monotonicMicros()),
    next: () =>
      new Promise<void>((resolve) => {
        onReading = resolve;
      }),
    finish: async () => {
      stop.abort();
      await ended;
    },
  };
}

const words = (values: readonly number[]): Buffer => Buffer.from(Int16Array.from(values).buffer);

describe('readings of boards', () => {
  it('are sound, clipped where it is too loud', async () => {
    const { say, readings, finish } = run('audio');
    const sound: BoardMessage = {
      modality: 1,
      element: 1,
      channels: 2,
      rateHz: 16_000,
      count: 2,
      body: words([-32768, 16384, 8192, 0]),
    };
    say(boardMessage(sound));
    say(boardMessage({ ...sound, sequence: 1, scale: 1 / 16384 }));
    const [plain, loud] = readings;
    assert.ok(plain?.modality === 'audio' && loud?.modality === 'audio');
    assert.deepEqual(
      plain.channels.map((channel) => [...channel]),
      [
        [-1, 0.25],
        [0.5, 0],
      ],
    );
    assert.deepEqual([plain.flags, loud.flags], [[], ['clipped']]);
    assert.equal(loud.channels[0]?.[0], -1);
    await finish();
  });

  it('are motion in m/s² and rad/s, each sample with its time', async () => {
    const { say, readings, finish, clock } = run('imu');
    await clock.advance(1000);
    const body = words([0, 0, 16384, 1000, 0, 0, 0, 0, 16384, 0, 0, 0]);
    const motion = {
      modality: 2,
      element: 1,
      channels: 6,
      rateHz: 100,
      count: 2,
      scale: 9.80665 / 16384,
      rotationScale: 0.001,
    };
    say(boardMessage({ ...motion, timeMicros: 5_000_000, body }));
    const [reading] = readings;
    assert.ok(reading?.modality === 'imu');
    assert.ok(Math.abs((reading.acceleration[2][0] ?? 0) - 9.80665) < 1e-4);
    assert.ok(Math.abs((reading.angularVelocity?.[0][0] ?? 0) - 1) < 1e-6);
    assert.deepEqual([...reading.sampleMicros], [980_000, 990_000]);
    assert.equal(reading.clockQuality, 'device');
    await finish();
  });

  it('are kelvin from degrees, 0 °C among them, and metres with 0 for missing', async () => {
    const thermal = run('thermal');
    thermal.say(
      boardMessage({
        modality: 3,
        element: 1,
        channels: 1,
        count: 2 + 2 * 65_536,
        scale: 0.1,
        offset: 273.15,
        body: words([213, 0, -3000, 365]),
      }),
    );
    const [warm] = thermal.readings;
    assert.ok(warm?.modality === 'thermal');
    assert.deepEqual(
      [...warm.values].map((value) => Number(value.toFixed(2))),
      [294.45, 273.15, 0, 309.65],
    );
    await thermal.finish();
    const depth = run('depth');
    depth.say(
      boardMessage({
        modality: 4,
        element: 2,
        channels: 1,
        count: 3 + 65_536,
        scale: 0.001,
        body: words([0, 1500, 800]),
      }),
    );
    const [near] = depth.readings;
    assert.ok(near?.modality === 'depth');
    assert.deepEqual(
      [...near.metres].map((value) => Number(value.toFixed(3))),
      [0, 1.5, 0.8],
    );
    await depth.finish();
  });

  it('are pictures from JPEG, the newest of those that wait', async () => {
    const camera = run('camera');
    const red = Buffer.alloc(16 * 8 * 4, Buffer.from([200, 30, 30, 255]));
    const jpeg = await Transformer.fromRgbaPixels(red, 16, 8).jpeg(95);
    const say = (sequence: number, body: Uint8Array = jpeg) =>
      camera.say(boardMessage({ modality: 5, element: 4, channels: 3, sequence, body }));
    const first = camera.next();
    for (let sequence = 0; sequence < 4; sequence++) say(sequence);
    await first;
    await camera.next();
    const [picture] = camera.readings;
    assert.ok(picture?.modality === 'vision');
    assert.deepEqual([picture.width, picture.height, picture.rgb.length], [16, 8, 16 * 8 * 3]);
    assert.ok(Math.abs((picture.rgb[0] ?? 0) - 200) < 8 && Math.abs((picture.rgb[1] ?? 0) - 30) < 8);
    assert.deepEqual(camera.losses, { stale: 2 });
    await camera.finish();
  });
});

describe('what goes wrong on the way of readings', () => {
  it('is counted: gaps are flagged, doubles dropped, damage and other modalities passed over', async () => {
    const { say, readings, losses, finish } = run('audio');
    for (const sequence of [0, 1, 1, 4, 3]) say(soundMessage({ sequence }));
    say(soundMessage({ boot: 9, sequence: 0 }));
    say(soundMessage().subarray(0, 50));
    say(
      boardMessage({ modality: 2, element: 1, channels: 3, rateHz: 100, count: 1, sequence: 6, body: Buffer.alloc(6) }),
    );
    assert.deepEqual(
      readings.map(({ flags }) => [...flags]),
      [[], [], ['gap'], ['gap']],
    );
    assert.deepEqual(losses, { duplicate: 1, lost: 2, stale: 1, 'corrupt-bytes': 50, invalid: 1 });
    await finish();
  });

  it('a clock that is hours off, drifts and is delayed by the network gives even times', async () => {
    const { say, readings, finish, clock } = run('audio');
    const offset = 7 * 3600 * 1e6;
    const starts: number[] = [];
    for (let sequence = 0; sequence < 600; sequence++) {
      const start = sequence * 10_000;
      const arrives = start + 10_000 + (sequence % 7) * 1000;
      clock.sleep((arrives - clock.monotonicMicros()) / 1000);
      starts.push(start);
      say(soundMessage({ sequence, timeMicros: Math.round(offset + start * (1 + 50e-6)) }));
    }
    const errors = readings
      .slice(200)
      .map(({ monotonicMicros }, index) => monotonicMicros - (starts[index + 200] ?? 0));
    assert.ok(Math.max(...errors.map(Math.abs)) < 2000, `${Math.max(...errors.map(Math.abs))} µs`);
    await finish();
  });

  it('a wrong scale ends the run with words', async () => {
    const { say, ended, isListening } = run('depth');
    say(boardMessage({ modality: 4, element: 2, channels: 1, count: 2 + 65_536, scale: 1, body: words([1500, 800]) }));
    await assert.rejects(ended, refused('INPUT_INVALID', /metres/));
    assert.equal(isListening(), false);
  });

  it('a board that falls silent is absent, and where there is no broker the driver says so', async () => {
    const { ended, clock, isListening } = run('imu');
    await clock.advance(29_000);
    assert.equal(isListening(), true);
    await clock.advance(1001);
    await assert.rejects(ended, refused('DEVICE_ABSENT', /none for 30 s/));
    await assert.rejects(run('imu', { withBroker: false }).ended, refused('DEVICE_FAILED', /broker/));
  });
});
