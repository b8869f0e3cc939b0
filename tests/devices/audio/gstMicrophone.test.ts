import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { rtspMicrophone } from '../../../devices/audio/rtspMicrophone';
import { soundFile } from '../../../devices/audio/soundFile';
import { testMicrophone } from '../../../devices/audio/testMicrophone';
import type { AudioReading } from '../../../runtime/reading';
import { deviceContext } from '../../support/deviceContext';
import { readingsOf } from '../../support/driverRun';
import { isGStreamerMissing, launch } from '../../support/gstreamer';
import { refused } from '../../support/refused';
import { startRtspServer } from '../../support/rtspServer';
import { collectingSink } from '../../support/sinks';
import { temporaryFolder } from '../../support/temporaryFolder';
import { monoWav } from './wavBytes';

function joined(readings: readonly AudioReading[], channel = 0): readonly number[] {
  return readings.flatMap(({ channels }) => [...(channels[channel] ?? [])]);
}

/** Frequency of a tone, from how often it crosses zero upwards. */
function frequencyHz(samples: readonly number[], sampleRateHz: number): number {
  const crossings = samples.flatMap((value, index) => ((samples[index - 1] ?? 0) < 0 && value >= 0 ? [index] : []));
  const [first = 0, last = 0] = [crossings[0], crossings.at(-1)];
  return ((crossings.length - 1) * sampleRateHz) / (last - first);
}

describe('sound through the real GStreamer', () => {
  it('is the tone that was asked for, without a gap', async (context) => {
    if (isGStreamerMissing(context)) return;
    const options = { kind: 'test-microphone', wave: 'sine', frequencyHz: 1000, channels: 2 };
    const { readings } = await readingsOf(testMicrophone.open(options, deviceContext()), 'audio', 25);
    for (const { sampleRateHz, channels, clockQuality, flags } of readings) {
      assert.deepEqual([sampleRateHz, channels.length, clockQuality, flags], [16_000, 2, 'simulated', ['simulated']]);
    }
    for (const channel of [0, 1]) {
      const samples = joined(readings, channel);
      assert.ok(
        Math.abs(frequencyHz(samples, 16_000) - 1000) < 1,
        `channel ${channel}: ${frequencyHz(samples, 16_000)} Hz`,
      );
      // audiotestsrc plays at 0.8 of full scale.
      assert.ok(Math.abs(Math.max(...samples) - 0.8) < 0.01);
    }
    const first = readings[0]?.monotonicMicros ?? 0;
    const last = readings.at(-1)?.monotonicMicros ?? 0;
    const before = readings.slice(0, -1).reduce((sum, { channels }) => sum + (channels[0]?.length ?? 0), 0);
    assert.ok(last - first <= (before * 1e6) / 16_000 + 1000, 'times run ahead of the samples');
  });

  it('of a WAV file is each of its samples, once', async (context) => {
    if (isGStreamerMissing(context)) return;
    const folder = await temporaryFolder(context);
    const values = Array.from({ length: 8000 }, (_, index) => ((index * 37) % 20_000) - 10_000);
    await writeFile(path.join(folder, 'sound.wav'), monoWav(values));
    const sink = collectingSink();
    // The rate of the file: nothing is resampled.
    const driver = soundFile.open(
      { kind: 'sound-file', file: 'sound.wav', sampleRateHz: 16_000 },
      deviceContext({ folder }),
    );
    await driver.run(sink, new AbortController().signal);
    const sounds = sink.readings.filter((reading) => reading.modality === 'audio');
    assert.deepEqual(
      joined(sounds).map((sample) => Math.round(sample * 32_768)),
      values,
    );
    assert.deepEqual(sink.losses, {});
    assert.ok(sounds.every(({ clockQuality, flags }) => clockQuality === 'file' && flags.length === 0));
  });

  it('of other containers is decoded and mixed; of the sound of a film as well', async (context) => {
    if (isGStreamerMissing(context)) return;
    const folder = await temporaryFolder(context);
    const ogg = path.join(folder, 'sound.ogg');
    const film = path.join(folder, 'film.mkv');
    launch(
      `audiotestsrc freq=500 num-buffers=22 ! audio/x-raw,rate=44100,channels=2 ! vorbisenc ! oggmux ! filesink location=${ogg}`,
    );
    launch(
      `matroskamux name=m ! filesink location=${film} videotestsrc num-buffers=10 ! jpegenc ! m. audiotestsrc freq=500 num-buffers=22 ! audio/x-raw,rate=44100,channels=2 ! vorbisenc ! m.`,
    );
    for (const file of [ogg, film]) {
      const sink = collectingSink();
      await soundFile.open({ kind: 'sound-file', file }, deviceContext()).run(sink, new AbortController().signal);
      const samples = joined(sink.readings.filter((reading) => reading.modality === 'audio'));
      // 22 buffers of 1024 samples at 44.1 kHz are 0.51 s.
      assert.ok(samples.length > 7000 && samples.length < 9000, `${file}: ${samples.length} samples`);
      assert.ok(Math.abs(frequencyHz(samples.slice(1000, 7000), 16_000) - 500) < 3, file);
    }
  });

  it('of the network is read beside the pictures of the same stream', async (context) => {
    if (isGStreamerMissing(context)) return;
    const server = await startRtspServer(context);
    const driver = rtspMicrophone.open({ kind: 'rtsp-microphone', url: server.url }, deviceContext());
    const { readings } = await readingsOf(driver, 'audio', 25);
    const samples = joined(readings);
    assert.ok(Math.abs(frequencyHz(samples.slice(200), 16_000) - 1000) < 5, `${frequencyHz(samples, 16_000)} Hz`);
    assert.equal(readings[0]?.clockQuality, 'device');
  });

  it('of a file without any is refused', async (context) => {
    if (isGStreamerMissing(context)) return;
    const folder = await temporaryFolder(context);
    launch(`videotestsrc num-buffers=60 ! jpegenc ! matroskamux ! filesink location=${path.join(folder, 'mute.mkv')}`);
    const driver = soundFile.open({ kind: 'sound-file', file: 'mute.mkv' }, deviceContext({ folder }));
    await assert.rejects(driver.run(collectingSink(), new AbortController().signal), refused('INPUT_UNSUPPORTED'));
  });
});
