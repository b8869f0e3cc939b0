import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { drawScene } from '../../../../devices/simulated/drawScene';
import { exampleOf } from '../../../../devices/simulated/example';
import { RADAR_BIN_METRES } from '../../../../devices/simulated/radar';
import { type Bundle, openBundle } from '../../../../models/bundle/bundle';
import { convertCheckpoint } from '../../../../models/bundle/convert';
import { randomStateDict } from '../../../../models/checkpoint/randomStateDict';
import { IMAGEBIND_MINI, imagebindLayout } from '../../../../models/imagebind/layout';
import { readVariant } from '../../../../models/imagebind/variant';
import { systemClock } from '../../../../runtime/clock';
import { Engine } from '../../../../runtime/inference/engine';
import { type BindOptions, bindSensor } from '../../../../runtime/learn/bind/bindSensor';
import { recordScenes } from '../../../../runtime/learn/recordScenes';
import { worldTokenizer } from '../../../../runtime/learn/worldTokenizer';
import { TestFrame } from '../../../devices/recording/readings';
import { itemOf, writeRecording } from '../../../devices/recording/writeRecording';
import { errorCode, runCommand } from '../../../support/command';
import { refused } from '../../../support/refused';
import { temporaryFolder } from '../../../support/temporaryFolder';
import { TINY_LICENCE } from '../../../support/tinyBundle';

const SCENES = 128;
const STEPS = 40;

let folder: string;
let recording: string;
let bundle: Bundle;

/** A bundle of image and text with random weights. */
async function randomBundle(): Promise<Bundle> {
  const directory = path.join(folder, 'old');
  const modalities = ['vision', 'text'] as const;
  await convertCheckpoint(randomStateDict(imagebindLayout(IMAGEBIND_MINI, modalities), { seed: 1 }), {
    variant: await readVariant('imagebind_mini'),
    modalities,
    outputDirectory: directory,
    precision: 'fp16',
    name: 'old',
    trained: false,
    licence: TINY_LICENCE,
    tokenizer: worldTokenizer(),
  });
  return openBundle(directory, { stateDirectory: path.join(folder, 'state') });
}

function options(out: string, more: Partial<BindOptions> = {}): BindOptions {
  return {
    bundle,
    recordings: [recording],
    sources: { anchor: 'camera0', sensor: 'radar0' },
    output: { folder: out, overwrite: 'refuse' },
    tower: { width: 32, blocks: 1 },
    steps: STEPS,
    seed: 3,
    batch: 32,
    toleranceMicros: 100_000,
    everyMicros: 0,
    windowSeconds: 5,
    folder: `${out}.binding`,
    threads: 1,
    clock: systemClock,
    onProgress: () => undefined,
    ...more,
  };
}

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sensebind-bind-'));
  recording = path.join(folder, 'pairs');
  const spec = { set: 'bound', count: SCENES, seed: 5 } as const;
  await recordScenes(spec, { folder: recording, sensors: ['vision', 'radar'], library: 'test', workers: 1 });
  bundle = await randomBundle();
});
after(() => rm(folder, { recursive: true, force: true }));

describe('binding a sensor', () => {
  it('adds an encoder that the engine uses, and goes on after an interruption as if there had been none', async (context) => {
    const out = await temporaryFolder(context);
    const whole = path.join(out, 'whole');
    const oldManifest = await readFile(path.join(bundle.directory, 'manifest.json'));
    const losses: number[] = [];
    const { manifest, record } = await bindSensor(options(whole, { onProgress: ({ loss }) => losses.push(loss) }));

    const mean = (part: readonly number[]): number => part.reduce((sum, one) => sum + one, 0) / part.length;
    assert.equal(losses.length, STEPS);
    assert.ok(mean(losses.slice(-5)) < mean(losses.slice(0, 5)) - 0.2, `${losses[0]} to ${losses.at(-1)}`);

    const bound = await openBundle(whole, { stateDirectory: path.join(out, 'state') });
    assert.deepEqual(JSON.parse(JSON.stringify(bound.manifest)), manifest);
    assert.equal(manifest.space, bundle.manifest.space);
    assert.deepEqual(Object.keys(manifest.encoders), ['vision', 'text', 'radar']);
    const { input, preset, precision } = manifest.encoders['radar']!;
    assert.deepEqual([preset, precision, input.kind], ['range-log', 'fp16', 'profile']);
    assert.deepEqual(await readFile(path.join(bundle.directory, 'manifest.json')), oldManifest);
    assert.deepEqual((await readdir(out)).toSorted(), ['state', 'whole']);

    const stored = JSON.parse(await readFile(path.join(whole, 'bound-radar.json'), 'utf8'));
    assert.deepEqual(stored, record);
    const { pairs } = record;
    assert.deepEqual([pairs.pairs, pairs.learnt, pairs.heldBack, pairs.withoutPartner], [SCENES, 115, 13, 0]);
    assert.equal(record.recallAt1.among, 13);

    await using engine = await Engine.open(bound);
    const strengths = exampleOf.radar(drawScene(2));
    const embedding = await engine.encode('radar', { kind: 'profile', strengths, binMetres: RADAR_BIN_METRES });
    assert.ok(Math.abs(Math.hypot(...embedding.vector) - 1) < 1e-5);
    assert.equal(embedding.space, bundle.manifest.space);
    await assert.rejects(
      engine.encode('radar', { kind: 'profile', strengths, binMetres: 0.1 }),
      refused('INPUT_INVALID', /128 bins of 0.1 m/),
    );

    const grown = await bindSensor(
      options(whole, {
        modality: 'sonar',
        steps: 1,
        output: { folder: whole, overwrite: 'replace', into: bound },
      }),
    );
    assert.deepEqual(Object.keys(grown.manifest.encoders), ['vision', 'text', 'radar', 'sonar']);
    await openBundle(whole, { stateDirectory: path.join(out, 'state') });
    const names = await readdir(whole);
    for (const name of ['bound-radar.json', 'bound-sonar.json', 'tokenizer.json']) assert.ok(names.includes(name));

    const parts = path.join(out, 'parts');
    const controller = new AbortController();
    const stopping = options(parts, {
      signal: controller.signal,
      onProgress: ({ step }) => void (step === 17 && controller.abort(new Error('enough'))),
    });
    await assert.rejects(bindSensor(stopping), /enough/);
    assert.deepEqual((await readdir(out)).includes('parts'), false);
    const steps: number[] = [];
    const again = await bindSensor(options(parts, { onProgress: ({ step }) => steps.push(step) }));
    assert.equal(steps[0], 18);
    assert.deepEqual(again.manifest, manifest);
  });

  it('refuses what cannot be bound, before it trains', async (context) => {
    const out = path.join(await temporaryFolder(context), 'out');
    const other = { ...bundle, manifest: { ...bundle.manifest, space: 'imagebind:another' } };
    const bind = (more: Partial<BindOptions>) =>
      bindSensor(options(out, { onProgress: () => assert.fail('trained'), ...more }));
    const sources = { anchor: 'camera0', sensor: 'radar0' };
    await assert.rejects(bind({ batch: 200 }), refused('INPUT_INVALID', /at least 223 pairs.*found 128/));
    await assert.rejects(bind({ everyMicros: 60e6 }), refused('INPUT_INVALID', /106 came too soon/));
    await assert.rejects(
      bind({ sources: { ...sources, anchor: 'camera7' } }),
      refused('INPUT_INVALID', /"camera7", found none; others are camera0 \(vision\)/),
    );
    await assert.rejects(
      bind({ sources: { anchor: 'radar0', sensor: 'camera0' }, modality: 'camera' }),
      refused('MODALITY_UNKNOWN', /radar/),
    );
    await assert.rejects(
      bind({ output: { folder: out, overwrite: 'replace', into: other } }),
      refused('SPACE_MISMATCH', /imagebind:another, found/),
    );
    await assert.rejects(bind({ modality: 'vision' }), refused('INPUT_INVALID', /"vision"/));
    await assert.rejects(
      bind({ output: { folder: bundle.directory, overwrite: 'refuse' } }),
      refused('OUTPUT_EXISTS', /a bundle/),
    );
    await assert.rejects(bind({ tower: { width: 50, blocks: 1 } }), refused('INPUT_INVALID', /multiple of 32/));
  });

  it('refuses a sensor that says the same all the time', async (context) => {
    const folder = await temporaryFolder(context);
    const profile = Float32Array.from({ length: 64 }, () => 1);
    const items = Array.from({ length: 96 }, (_, index) => {
      const time = { timeMicros: 1e6 * index, monotonicMicros: 1e6 * index };
      const head = { ...time, clockQuality: 'device', flags: [] } as const;
      const rgb = new Uint8Array(new SharedArrayBuffer(8 * 8 * 3)).fill(index);
      const frame = new TestFrame(rgb.buffer as SharedArrayBuffer);
      return [
        itemOf({ ...head, source: 'a', modality: 'vision', rgb, width: 8, height: 8, frame }),
        itemOf({ ...head, source: 'b', modality: 'radar', profile, binMetres: 0.1 }),
      ];
    });
    const constant = path.join(folder, 'constant');
    writeRecording(constant, items.flat());
    await assert.rejects(
      bindSensor(options(path.join(folder, 'out'), { recordings: [constant], sources: { anchor: 'a', sensor: 'b' } })),
      refused('INPUT_INVALID', /the new sensor that differ/),
    );
  });
});

describe('sensebind bind and simulate --pairs', () => {
  it('make a bundle that the command line embeds with', async (context) => {
    const folder = await temporaryFolder(context);
    const run = (...args: string[]) => runCommand([...args, '--json'], { stateHome: folder });
    const pairs = path.join(folder, 'pairs');
    const simulated = await run('simulate', '--pairs', 'radar,vision', '--scenes', '88', '--recording', pairs);
    assert.equal(simulated.code, 0, simulated.stderr);
    assert.deepEqual(JSON.parse(simulated.stdout).sources, ['camera0', 'radar0']);

    const wrong = ['bind', '--recording', pairs, '--source', 'radar0', '--anchor', 'camera0', '--tolerance', 'long'];
    assert.equal(errorCode(await run(...wrong, '--out', folder)), 'USAGE');

    const into = path.join(folder, 'bundle');
    const { code, stdout, stderr } = await run(
      ...['bind', '--bundle', bundle.directory, '--recording', pairs, '--source', 'radar0', '--anchor', 'camera0'],
      ...['--modality', 'sonar', '--out', into, '--steps', '2', '--width', '32', '--blocks', '1', '--threads', '1'],
    );
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(stdout).pairs.learnt, 79);
    assert.equal(JSON.parse(stdout).recallAt1.among, 9);
    const profile = path.join(folder, 'profile.csv');
    await writeFile(profile, [...exampleOf.radar(drawScene(2))].join('\n'));
    const embedded = await run('embed', profile, '--as', 'sonar', '--bin-metres', '0.0625', '--bundle', into);
    assert.equal(embedded.code, 0, embedded.stdout);
    const [{ modality, preset }] = JSON.parse(embedded.stdout).embeddings;
    assert.deepEqual([modality, preset], ['sonar', 'radar/range-log']);
  });
});
