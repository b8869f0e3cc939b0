import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readInputFile } from '../../../runtime/cli/files';
import { errorCode, runCommand } from '../../support/command';
import { golden } from '../../support/paths';
import { gray16File } from '../../support/png';
import { refused } from '../../support/refused';
import { type TinyBundle, tinyBundle } from '../../support/tinyBundle';

/** A RIFF WAVE file of 16-bit mono PCM (Multimedia Programming Interface 1.0, chapter 3). */
function wavFile(samples: Int16Array, sampleRateHz: number): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + samples.byteLength, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(sampleRateHz, 24);
  header.writeUInt32LE(sampleRateHz * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(samples.byteLength, 40);
  return Buffer.concat([header, Buffer.from(samples.buffer)]);
}

describe('files on the command line', () => {
  let tiny: TinyBundle;
  let stateHome: string;
  const file = (name: string): string => path.join(stateHome, name);

  before(async () => {
    tiny = await tinyBundle();
    stateHome = path.dirname(tiny.directory);
    const tone = Int16Array.from({ length: 32_000 }, (_, index) => 8000 * Math.sin(index / 9));
    // No name tells what is in the file: the content does.
    await writeFile(file('sound'), wavFile(tone, 16_000));
    const size = { width: 32, height: 24 };
    const pixels = Array.from({ length: size.width * size.height }, (_, index) => index);
    await writeFile(
      file('depth'),
      gray16File(
        pixels.map((index) => 800 + index),
        size,
      ),
    );
    await writeFile(
      file('kelvin'),
      gray16File(
        pixels.map((index) => 29_000 + index),
        size,
      ),
    );
    await writeFile(file('frame'), Buffer.from(Uint16Array.from(pixels, (index) => 29_000 + index).buffer));
    const motion = Array.from({ length: 500 }, (_, index) => `${index * 10},0.1,${Math.sin(index / 20)},9.8,0,0,0.5`);
    await writeFile(file('motion'), `t_ms,ax,ay,az,gx,gy,gz\n${motion.join('\n')}\n5001,,0,0,0,0,0\n`);
  });
  after(() => tiny.remove());

  function sensebind(...args: readonly string[]) {
    return runCommand([...args, '--bundle', tiny.directory], { stateHome });
  }

  it('embeds every kind of file by its content, and text, as unit vectors of one space', async () => {
    const files = [golden('image_101x303.png'), file('sound'), file('depth'), file('frame'), file('motion')];
    const units = ['--thermal-size', '32x24', '--thermal-unit', 'cK'];
    const out = file('vectors.json');
    const { code, stdout, stderr } = await sensebind(
      'embed',
      ...files,
      '--text',
      'a dog',
      ...units,
      '--json',
      '--out',
      out,
    );
    assert.equal(code, 0, stdout + stderr);
    const report = JSON.parse(stdout);
    assert.deepEqual(
      report.embeddings.map(({ modality, preset }: { modality: string; preset: string }) => [modality, preset]),
      [
        ['vision', 'clip'],
        ['audio', 'kaldi-fbank'],
        ['depth', 'metric'],
        ['thermal', 'gray8'],
        ['imu', 'ego4d'],
        ['text', 'clip-bpe'],
      ],
    );
    for (const { vector, space, flags } of report.embeddings) {
      assert.equal(vector.length, 48);
      assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-5);
      assert.equal(space, report.space);
      assert.ok(flags.includes('untrained'));
    }
    assert.deepEqual(report.embeddings[4].notes, ['1 row(s) without a value or with a repeated time were left out']);
    assert.deepEqual(JSON.parse(await readFile(out, 'utf8')), report);
  });

  it('reads radiometric thermal the same from raw words and from a PNG', async () => {
    const units = ['--as', 'thermal', '--thermal-size', '32x24', '--thermal-unit', 'cK', '--json'];
    const { stdout } = await sensebind('embed', file('frame'), file('kelvin'), ...units);
    const [raw, png] = JSON.parse(stdout).embeddings;
    assert.deepEqual(raw.vector, png.vector);
  });

  it('takes a frame of one temperature, whose words are letters, for no table', async () => {
    await writeFile(file('wall'), Buffer.alloc(32 * 24 * 2, Buffer.from([0x68, 0x74])));
    const frame = { depthUnit: 'mm', motion: {}, thermalUnit: 'cK', thermalSize: { width: 32, height: 24 } } as const;
    assert.equal((await readInputFile(file('wall'), frame)).modality, 'thermal');
    assert.equal((await readInputFile(file('wall'), { ...frame, as: 'thermal' })).modality, 'thermal');
    assert.equal((await readInputFile(file('motion'), frame)).modality, 'imu');
  });

  it('prints a table with the chosen preset, and says that random weights mean nothing', async () => {
    const { code, stdout, stderr } = await sensebind('embed', file('depth'), '--preset', 'omnivore');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /depth +depth +48 +1\.0000 .* omnivore +/);
    assert.match(stdout, /space imagebind:/);
    assert.match(stderr, /mean nothing/);
  });

  it('answers what it cannot read with a typed error that names the file', async () => {
    await writeFile(file('noise'), Buffer.alloc(100, 1));
    const options = { depthUnit: 'mm', motion: {} } as const;
    const isThermal = { ...options, as: 'thermal' };
    const inMetres = { ...options, depthUnit: 'm' } as const;
    await assert.rejects(readInputFile(file('noise'), options), refused('INPUT_UNSUPPORTED', /noise: Expected a PNG/));
    await assert.rejects(readInputFile(file('absent'), options), refused('FILE_UNREADABLE', /absent/));
    await assert.rejects(readInputFile(stateHome, options), refused('FILE_UNREADABLE', /not a regular file/));
    await assert.rejects(readInputFile(file('kelvin'), isThermal), refused('INPUT_INVALID', /kelvin: .* unit/));
    await assert.rejects(readInputFile(file('depth'), inMetres), refused('INPUT_INVALID', /depth: .* median of 1184/));
    for (const name of ['empty', 'cut.wav']) await writeFile(file(name), name === 'empty' ? '' : 'RIFF\0\0\0\0WAVE');
    await assert.rejects(readInputFile(file('empty'), options), refused('INPUT_INVALID', /empty: .* an empty file/));
    await assert.rejects(readInputFile(file('cut.wav'), options), refused('WAV_INVALID', /cut\.wav: /));
    const photo = { ...options, as: 'depth' };
    const picture = golden('image_101x303.png');
    await assert.rejects(readInputFile(picture, photo), refused('INPUT_INVALID', /303\.png: .*16-bit gray PNG/));
    const { code, stderr } = await sensebind('embed', file('noise'));
    assert.equal(code, 1);
    assert.match(stderr, /error: .*noise: Expected .*\(INPUT_UNSUPPORTED\)\n {2}→ .*--thermal-size/);
  });

  it('answers what no encoder takes, and what cannot be written, with a typed error', async () => {
    for (const [args, expected] of [
      [[file('depth'), '--as', 'smell'], 'MODALITY_UNKNOWN'],
      [[file('depth'), '--preset', 'no-such'], 'PRESET_UNKNOWN'],
      [[file('depth'), '--out', path.join(stateHome, 'no', 'folder')], 'FILE_UNWRITABLE'],
    ] as const) {
      const result = await sensebind('embed', ...args, '--json');
      assert.deepEqual([result.code, errorCode(result)], [1, expected], result.stdout);
    }
  });

  it('compares every two modalities, without a softmax that would look like an answer', async () => {
    const sides = ['--image', golden('image_101x303.png'), '--audio', file('sound'), '--text', 'a dog', 'a car'];
    const { code, stdout } = await sensebind('compare', ...sides, '--json');
    assert.equal(code, 0, stdout);
    const { comparisons, trained } = JSON.parse(stdout);
    assert.equal(trained, false);
    assert.deepEqual(
      comparisons.map(({ rows, columns }: { rows: { modality: string }; columns: { modality: string } }) => [
        rows.modality,
        columns.modality,
      ]),
      [
        ['vision', 'audio'],
        ['vision', 'text'],
        ['audio', 'text'],
      ],
    );
    for (const { cosines, softmax } of comparisons) {
      assert.equal(softmax, null);
      for (const value of cosines.flat()) assert.ok(Math.abs(value) <= 1 + 1e-6);
    }
    const shown = await sensebind('compare', ...sides);
    assert.match(shown.stdout, /audio × text, cosine\n +a dog +a car\nsound +-?0\.\d{4}/);
    assert.match(shown.stdout, /No softmax/);
  });

  it('shows softmax over the columns at the product of both scales for a trained bundle', async (context) => {
    const trained = await tinyBundle({ trained: true });
    context.after(() => trained.remove());
    const args = [
      'compare',
      '--audio',
      file('sound'),
      '--text',
      'a dog',
      'a car',
      '--json',
      '--bundle',
      trained.directory,
    ];
    const { stdout } = await runCommand(args, { stateHome });
    const [{ cosines, scale, softmax }] = JSON.parse(stdout).comparisons;
    // Audio 20, text 1/0.07: what the golden checkpoint holds (reference/imagebind.md §1.1).
    assert.ok(Math.abs(scale - 20 / 0.07) < 1e-2, String(scale));
    const [dog, car] = cosines[0].map((cosine: number) => Math.exp(scale * cosine));
    assert.ok(Math.abs(softmax[0][0] - dog / (dog + car)) < 1e-9);
    assert.ok(Math.abs(softmax[0][0] + softmax[0][1] - 1) < 1e-12);
  });

  it('takes a command line without inputs for a wrong one', async () => {
    for (const args of [['embed'], ['compare', '--text', 'a dog']]) {
      const result = await sensebind(...args, '--json');
      assert.deepEqual([result.code, errorCode(result)], [2, 'USAGE'], result.stdout);
    }
  });
});
