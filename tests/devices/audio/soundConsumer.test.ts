import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SoundConsumer } from '../../../devices/audio/soundConsumer';
import { TappedStream } from '../../../devices/gstreamer/tappedStream';
import type { AudioReading } from '../../../runtime/reading';
import { ManualClock } from '../../support/manualClock';
import { collectingSink } from '../../support/sinks';
import { bufferLine } from '../gstreamer/tapLines';

const RATE_HZ = 16_000;
const BUFFER_FRAMES = 320;

function microphone({ channels = 1 }: { readonly channels?: number } = {}) {
  const clock = new ManualClock();
  const sink = collectingSink();
  const consumer = new SoundConsumer(
    { source: 'mic0', clockQuality: 'device', sampleRateHz: RATE_HZ, channels },
    { clock, sink, startsWithGap: false },
  );
  const broken: string[] = [];
  const tapped = new TappedStream(consumer, (reason) => broken.push(reason));
  return {
    clock,
    sink,
    tapped,
    broken,
    readings: () => sink.readings as AudioReading[],
    /** 20 ms of silence that ends now. */
    async send(ptsMicros: number, flags = '00000000 '): Promise<void> {
      await clock.advance(20);
      tapped.line(bufferLine({ bytes: 2 * BUFFER_FRAMES, ptsMicros, flags }), clock.monotonicMicros());
      tapped.append(new Uint8Array(2 * BUFFER_FRAMES), clock.monotonicMicros());
    },
  };
}

describe('sound of a pipeline', () => {
  it('is every sample of every channel, for any chunking', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
        (channels, chunks) => {
          const { tapped, readings } = microphone({ channels });
          const values = Int16Array.from({ length: channels * 50 }, (_, index) => index * 611 - 15_000);
          const bytes = new Uint8Array(values.buffer);
          tapped.line(bufferLine({ bytes: bytes.length, ptsMicros: 0 }), 0);
          for (let at = 0, chunk = 0; at < bytes.length; chunk++) {
            const end = at + (chunks[chunk % chunks.length] ?? 1);
            tapped.append(bytes.slice(at, end), 0);
            at = end;
          }
          for (let channel = 0; channel < channels; channel++) {
            assert.deepEqual(
              readings().flatMap((reading) => [...(reading.channels[channel] ?? [])].map((sample) => sample * 32_768)),
              [...values].filter((_, index) => index % channels === channel),
            );
          }
        },
      ),
    );
  });

  it('has the times of the pipeline, moved to the clock of the host', async () => {
    const { readings, send } = microphone();
    for (let count = 0; count < 4; count++) await send(1_000_000 + count * 20_000);
    assert.deepEqual(
      readings().map(({ monotonicMicros }) => monotonicMicros),
      [20_000, 40_000, 60_000, 80_000],
    );
  });

  it('says where samples are missing, and how many', async () => {
    const { readings, send, sink } = microphone();
    await send(0, '00000040 discont ');
    await send(20_000);
    await send(140_000, '00000040 discont ');
    await send(160_000);
    assert.deepEqual(
      readings().map(({ flags }) => flags),
      [[], [], ['gap'], []],
    );
    // 100 ms.
    assert.deepEqual(sink.losses, { lost: 1600 });
  });

  it('is not called interrupted where a decoder only rounds its times', async () => {
    const { readings, send, sink } = microphone();
    await send(0);
    await send(20_010, '00000040 discont ');
    assert.deepEqual(
      readings().map(({ flags }) => flags),
      [[], []],
    );
    assert.deepEqual(sink.losses, {});
  });

  it('of half a sample is refused', () => {
    const { tapped, broken } = microphone({ channels: 2 });
    tapped.line(bufferLine({ bytes: 6 }), 0);
    tapped.append(new Uint8Array(6), 0);
    assert.match(broken.join(), /6 bytes/);
  });
});
