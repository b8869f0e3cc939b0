import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { wavFile } from '../../../devices/audio/wavFile';
import type { AudioReading } from '../../../runtime/reading';
import { deviceContext } from '../../support/deviceContext';
import { ManualClock } from '../../support/manualClock';
import { refused } from '../../support/refused';
import { audioSink } from '../../support/sinks';
import { temporaryFolder } from '../../support/temporaryFolder';
import { monoWav } from './wavBytes';

const RATE = 16_000;
const VALUES = Array.from({ length: RATE / 4 }, (_, index) => index);

interface Heard {
  readonly reading: AudioReading;
  readonly atMicros: number;
}

/** Plays a file until `enough`, or to its end, with a clock that a test drives. */
async function play(
  options: { readonly file: string; readonly loop?: boolean },
  folder: string,
  control: {
    readonly enough?: (heard: readonly Heard[]) => boolean;
    readonly between?: (clock: ManualClock, heard: readonly Heard[]) => void;
  } = {},
): Promise<readonly Heard[]> {
  const clock = new ManualClock();
  const stop = new AbortController();
  const heard: Heard[] = [];
  let ended = false;
  const run = wavFile
    .open({ kind: 'wav', ...options }, deviceContext({ clock, folder }))
    .run(
      audioSink((reading) => heard.push({ reading, atMicros: clock.monotonicMicros() })),
      stop.signal,
    )
    .finally(() => {
      ended = true;
    });
  // The rejection is looked at below, after the clock was driven.
  run.catch(() => {});
  while (!ended && !control.enough?.(heard)) {
    await clock.advance(10);
    control.between?.(clock, heard);
  }
  stop.abort();
  await run;
  return heard;
}

const samplesOf = (heard: readonly Heard[]): number[] =>
  heard.flatMap(({ reading }) => [...(reading.channels[0] ?? [])].map((sample) => Math.round(sample * 32_768)));

describe('a WAV file as a source', () => {
  it('hands over every sample, none before its time', async (context) => {
    const folder = await temporaryFolder(context);
    await writeFile(path.join(folder, 'sound.wav'), monoWav(VALUES, RATE));
    const heard = await play({ file: 'sound.wav' }, folder);
    assert.deepEqual(samplesOf(heard), VALUES);
    const start = heard[0]?.reading.monotonicMicros ?? 0;
    let frames = 0;
    for (const { reading, atMicros } of heard) {
      const length = reading.channels[0]?.length ?? 0;
      assert.equal(reading.monotonicMicros, start + Math.round((frames * 1e6) / RATE));
      assert.ok(atMicros >= reading.monotonicMicros + (length * 1e6) / RATE - 1);
      assert.deepEqual([reading.sampleRateHz, reading.clockQuality, reading.flags], [RATE, 'file', []]);
      frames += length;
    }
  });

  it('goes on at the beginning without a seam when it loops', async (context) => {
    const folder = await temporaryFolder(context);
    await writeFile(path.join(folder, 'sound.wav'), monoWav(VALUES, RATE));
    const heard = await play({ file: 'sound.wav', loop: true }, folder, {
      enough: (sofar) => samplesOf(sofar).length >= 3 * VALUES.length,
    });
    assert.deepEqual(samplesOf(heard).slice(0, 3 * VALUES.length), [...VALUES, ...VALUES, ...VALUES]);
    const first = heard[0]?.reading.monotonicMicros ?? 0;
    const third = heard[10]?.reading.monotonicMicros ?? 0;
    assert.equal(third - first, 500_000);
  });

  it('says that sound was missed after the machine slept, and does not make up for it', async (context) => {
    const folder = await temporaryFolder(context);
    await writeFile(path.join(folder, 'sound.wav'), monoWav(VALUES, RATE));
    let slept = false;
    const heard = await play({ file: 'sound.wav', loop: true }, folder, {
      enough: (sofar) => sofar.some(({ reading }) => reading.flags.includes('gap')),
      between: (clock, sofar) => {
        // On a slow disk it may begin late; what begins after the sleep has missed nothing.
        if (slept || sofar.length < 3) return;
        slept = true;
        clock.sleep(60_000);
      },
    });
    const gap = heard.findIndex(({ reading }) => reading.flags.includes('gap'));
    const before = heard[gap - 1]?.reading.monotonicMicros ?? 0;
    assert.ok((heard[gap]?.reading.monotonicMicros ?? 0) - before >= 59_000_000);
  });

  it('fails with a reason for what is no sound', async (context) => {
    const folder = await temporaryFolder(context);
    await writeFile(path.join(folder, 'empty.wav'), monoWav([], RATE));
    await writeFile(path.join(folder, 'text.wav'), 'this is a letter, and a long one');
    await assert.rejects(play({ file: 'missing.wav' }, folder), refused('FILE_UNREADABLE', /missing\.wav/));
    await assert.rejects(play({ file: 'text.wav' }, folder), refused('WAV_INVALID'));
    await assert.rejects(play({ file: 'empty.wav', loop: true }, folder), refused('WAV_INVALID', /no sample/));
  });

  it('refuses options that its schema does not know', () => {
    const context = deviceContext({ clock: new ManualClock() });
    assert.throws(() => wavFile.open({ kind: 'wav', path: 'x.wav' }, context), refused('CONFIG_INVALID'));
  });
});
