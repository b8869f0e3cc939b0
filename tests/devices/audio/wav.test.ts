import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readWav } from '../../../devices/audio/readWav';
import { type WavItem, WavParser } from '../../../devices/audio/wav';
import { isSensebindError } from '../../../runtime/errors';
import { refused } from '../../support/refused';
import { temporaryFolder } from '../../support/temporaryFolder';
import { chunk, dataBody, extensibleFormatChunk, formatChunk, monoWav, riff, type WavSpec, wavBytes } from './wavBytes';

const PCM_GUID = '0100000000001000800000aa00389b71';
const MONO = { sampleRateHz: 8000, channels: 1, format: 'integer', bits: 16 } as const;

function itemsOf(...pieces: readonly Uint8Array[]): WavItem[] {
  const parser = new WavParser();
  const items: WavItem[] = [];
  const drain = () => {
    for (let item = parser.next(); item; item = parser.next()) items.push(item);
  };
  for (const piece of pieces) {
    parser.append(piece);
    drain();
  }
  parser.finish();
  drain();
  return items;
}

/** All samples, the format and the end, however the samples were cut into blocks. */
function soundOf(items: readonly WavItem[]) {
  const [first] = items;
  const last = items.at(-1);
  assert.ok(first?.kind === 'format' && last?.kind === 'end');
  const blocks = items.flatMap((item) => (item.kind === 'samples' ? [item.channels] : []));
  const channels = Array.from({ length: first.format.channels }, (_, channel) =>
    blocks.flatMap((block) => [...(block[channel] ?? [])]),
  );
  return { format: first.format, channels, frames: last.frames, truncated: last.truncated };
}

const sound = (...pieces: readonly Uint8Array[]) => soundOf(itemsOf(...pieces));

/** Any WAV that the specification allows and we claim to read, with the samples that it stands for. */
const anyWav = fc
  .record({
    sampleRateHz: fc.constantFrom(8000, 16_000, 44_100, 48_000),
    channels: fc.integer({ min: 1, max: 5 }),
    kind: fc.constantFrom(
      { format: 'integer', bits: 8 } as const,
      { format: 'integer', bits: 16 } as const,
      { format: 'integer', bits: 24 } as const,
      { format: 'integer', bits: 32 } as const,
      { format: 'float', bits: 32 } as const,
      { format: 'float', bits: 64 } as const,
    ),
    frames: fc.integer({ min: 0, max: 40 }),
    seed: fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 16 }),
  })
  .map(({ sampleRateHz, channels, kind, frames, seed }) => {
    const stored = (index: number): number => {
      const value = seed[index % seed.length] ?? 0;
      if (kind.format === 'float') return Math.fround(value / 2 ** 31);
      const shifted = Math.floor(value / 2 ** (32 - kind.bits));
      return kind.bits === 8 ? shifted + 128 : shifted;
    };
    const values = Array.from({ length: channels }, (_, channel) =>
      Array.from({ length: frames }, (__, frame) => stored(frame * channels + channel)),
    );
    const spec: WavSpec = { sampleRateHz, channels, ...kind, values };
    const meaning = (value: number): number => {
      if (kind.format === 'float') return value;
      return Math.fround(kind.bits === 8 ? (value - 128) / 128 : value / 2 ** (kind.bits - 1));
    };
    return { spec, bytes: wavBytes(spec), expected: values.map((channel) => channel.map(meaning)) };
  });

describe('WAV reader', () => {
  it('gives every sample format as a number in [-1, 1)', () => {
    fc.assert(
      fc.property(anyWav, ({ spec, bytes, expected }) => {
        const { format, channels, frames, truncated } = sound(bytes);
        assert.equal(format.sampleRateHz, spec.sampleRateHz);
        // A size of 0 may be one that was written before the sound.
        assert.equal(format.declaredFrames, expected[0]?.length || undefined);
        assert.deepEqual(channels, expected);
        assert.equal(frames, expected[0]?.length);
        assert.equal(truncated, false);
      }),
    );
  });

  it('gives the same samples however the bytes are cut', () => {
    fc.assert(
      fc.property(anyWav, fc.array(fc.nat(4000)), ({ bytes }, cuts) => {
        const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
        const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        assert.deepEqual(sound(...pieces), sound(bytes));
      }),
    );
  });

  it('answers any bytes with items or a typed error', () => {
    const header = fc.constantFrom(
      Buffer.alloc(0),
      riff([formatChunk(MONO)]),
      riff([formatChunk(MONO), chunk('data', Buffer.alloc(0), 1000)]),
    );
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 200 }), (start, noise) => {
        try {
          itemsOf(start, noise);
        } catch (error) {
          assert.ok(isSensebindError(error, 'WAV_INVALID'), String(error));
        }
      }),
    );
  });

  it('skips chunks that it does not know, also those of odd length', () => {
    const values = [[1, -2, 32_767, -32_768]];
    const bytes = riff([
      chunk('LIST', Buffer.from('odd')),
      formatChunk(MONO),
      chunk('fact', Buffer.alloc(4)),
      chunk('data', dataBody({ ...MONO, values })),
      chunk('id3 ', Buffer.from('not samples')),
    ]);
    assert.deepEqual(sound(bytes).channels, [[1 / 32_768, -2 / 32_768, 32_767 / 32_768, -1]]);
  });

  it('reads WAVE_FORMAT_EXTENSIBLE', () => {
    const spec: WavSpec = { ...MONO, channels: 2, bits: 24, values: [[2 ** 22], [-(2 ** 22)]] };
    const bytes = riff([extensibleFormatChunk(spec, PCM_GUID), chunk('data', dataBody(spec))]);
    assert.deepEqual(sound(bytes).channels, [[0.5], [-0.5]]);
  });

  it('reads the size of RF64 from its ds64 chunk', () => {
    const values = [[100, 200, 300]];
    const sizes = Buffer.alloc(28);
    sizes.writeBigUInt64LE(6n, 8);
    const body = dataBody({ ...MONO, values });
    const bytes = riff(
      [chunk('ds64', sizes), formatChunk(MONO), chunk('data', body, 0xffff_ffff), chunk('junk', Buffer.from('after'))],
      { id: 'RF64', size: 0xffff_ffff },
    );
    const { channels, format, truncated } = sound(bytes);
    assert.equal(channels[0]?.length, 3);
    assert.equal(format.declaredFrames, 3);
    assert.equal(truncated, false);
  });

  for (const [who, riffSize, dataSize] of [
    ['ffmpeg', 0xffff_ffff, 0xffff_ffff],
    ['arecord', 0x8000_0024, 0x8000_0000],
    ['sox', 0x7fff_f024, 0x7fff_f000],
    ['a program that writes zeros', 0, 0],
    ['a program that wrote the size of the header', 36, 0],
  ] as const) {
    it(`reads to the end of what ${who} wrote to a pipe`, () => {
      const body = dataBody({ ...MONO, values: [[1, 2, 3]] });
      const { frames, truncated, format } = sound(
        riff([formatChunk(MONO), chunk('data', body, dataSize)], { size: riffSize }),
      );
      assert.deepEqual(
        { frames, truncated, declared: format.declaredFrames },
        { frames: 3, truncated: false, declared: undefined },
      );
    });
  }

  it('does not take the chunks after an empty data chunk for samples', () => {
    const bytes = riff([formatChunk(MONO), chunk('data', Buffer.alloc(0)), chunk('LIST', Buffer.from('INFO'))]);
    assert.equal(sound(bytes).frames, 0);
  });

  it('flags a file that ends before what its header says', () => {
    const whole = monoWav([1, 2, 3, 4]);
    const { frames, truncated } = sound(whole.subarray(0, whole.length - 3));
    assert.deepEqual({ frames, truncated }, { frames: 2, truncated: true });
  });

  for (const [what, bytes, message] of [
    ['a picture', Buffer.from('\x89PNG\r\n\x1a\n and so on', 'latin1'), /found "·PNG/],
    ['an empty file', Buffer.alloc(0), /0 bytes/],
    ['data before the format', riff([chunk('data', Buffer.alloc(8))]), /"fmt " chunk before/],
    ['no data', riff([formatChunk(MONO)]), /without a "data" chunk/],
    ['µ-law', riff([formatChunk(MONO, { 0: 7 })]), /compressed sound \(format 7\)/],
    ['33 channels', riff([formatChunk({ ...MONO, channels: 33 })]), /1 to 32 channels/],
    ['no channel', riff([formatChunk(MONO, { 2: 0, 12: 0 })]), /1 to 32 channels/],
    ['a sample rate of 0', riff([formatChunk(MONO, { 4: 0, 6: 0 })]), /sample rate/],
    ['frames of a wrong size', riff([formatChunk(MONO, { 12: 3 })]), /2 bytes a frame .* found 3 bytes/],
    ['floats of 16 bits', riff([formatChunk(MONO, { 0: 3 })]), /floats of 32 or 64 bits/],
    [
      'an extensible format of another codec',
      riff([extensibleFormatChunk(MONO, '01'.repeat(16))]),
      /extensible format/,
    ],
    ['a format of 2 GB', riff([chunk('fmt ', Buffer.alloc(2), 0x7fff_ffff)]), /at most 4096 bytes/],
    ['two formats', riff([formatChunk(MONO), formatChunk(MONO)]), /a second one/],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(() => itemsOf(bytes), refused('WAV_INVALID', message));
    });
  }
});

describe('readWav', () => {
  it('reads a file into memory, and says when it was cut off', async (context) => {
    const folder = await temporaryFolder(context);
    const file = path.join(folder, 'short.wav');
    const values = Array.from({ length: 40_000 }, (_, index) => (index % 2000) - 1000);
    await writeFile(file, monoWav(values, 44_100).subarray(0, -2));
    const recording = await readWav(file);
    assert.equal(recording.sampleRateHz, 44_100);
    assert.equal(recording.truncated, true);
    assert.deepEqual(
      [...(recording.channels[0] ?? [])],
      values.slice(0, -1).map((value) => value / 32_768),
    );
  });

  it('says what is wrong with the path', async () => {
    await assert.rejects(readWav('/nonexistent/sound.wav'), refused('FILE_UNREADABLE', /ENOENT/));
  });

  it('reads what alsa-utils records from the null device', async (context) => {
    if (spawnSync('arecord', ['--version']).error) {
      context.skip('arecord is missing: apt-get install alsa-utils');
      return;
    }
    const file = path.join(await temporaryFolder(context), 'null.wav');
    const format = ['-t', 'wav', '-f', 'S24_3LE', '-r', '48000', '-c', '2'];
    const { status, stderr } = spawnSync('arecord', ['-q', '-D', 'null', ...format, '-s', '4800', file]);
    assert.equal(status, 0, String(stderr));
    const { sampleRateHz, channels, truncated } = await readWav(file);
    assert.deepEqual(
      { sampleRateHz, truncated, lengths: channels.map(({ length }) => length) },
      { sampleRateHz: 48_000, truncated: false, lengths: [4800, 4800] },
    );
  });
});
