import assert from 'node:assert/strict';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Compile } from '#typebox/compile';
import { events } from '../../../../devices/simulated/events/catalogue';
import { openBundle } from '../../../../models/bundle/bundle';
import { convertCheckpoint } from '../../../../models/bundle/convert';
import type { Manifest } from '../../../../models/bundle/manifest';
import { randomStateDict } from '../../../../models/checkpoint/randomStateDict';
import { IMAGEBIND_MINI, imagebindLayout } from '../../../../models/imagebind/layout';
import type { ImagebindModality } from '../../../../models/imagebind/modality';
import { parseVariant, readVariant, type Variant } from '../../../../models/imagebind/variant';
import { bundleHash } from '../../../../runtime/learn/evaluate/bundleHash';
import { evaluate } from '../../../../runtime/learn/evaluate/evaluate';
import type { Figure } from '../../../../runtime/learn/evaluate/figure';
import { EvaluationReport } from '../../../../runtime/learn/evaluate/report';
import { writeResults } from '../../../../runtime/learn/evaluate/results';
import { evaluationTable, markdownOf } from '../../../../runtime/learn/evaluate/table';
import { tablePlot } from '../../../../runtime/learn/plots/trainingPlots';
import { formatOf } from '../../../../runtime/learn/sensorItems';
import { worldTokenizer } from '../../../../runtime/learn/worldTokenizer';
import { errorCode, runCommand } from '../../../support/command';
import { refused } from '../../../support/refused';
import { TINY_LICENCE } from '../../../support/tinyBundle';
import { resultsOf } from './storedResults';

const SEED = 9;
const SCENES = 2 * events.length;
const LABELLED = 2;

const validator = Compile(EvaluationReport);

/** A bundle of the small model's shapes with random weights. */
async function randomBundle(
  outputDirectory: string,
  modalities: readonly ImagebindModality[],
  { variant, dimensions = IMAGEBIND_MINI }: { variant?: Variant; dimensions?: typeof IMAGEBIND_MINI } = {},
): Promise<void> {
  await convertCheckpoint(randomStateDict(imagebindLayout(dimensions, modalities), { seed: 3 }), {
    variant: variant ?? (await readVariant('imagebind_mini')),
    modalities,
    outputDirectory,
    precision: 'fp32',
    name: 'random',
    trained: false,
    licence: TINY_LICENCE,
    ...(modalities.includes('text') ? { tokenizer: worldTokenizer() } : {}),
  });
}

/** Adds an encoder of range profiles, as binding would: a motion encoder of one channel under another name. */
async function addRadar(bundle: string, scratch: string): Promise<void> {
  const base = await readVariant('imagebind_mini');
  const imu = { heads: 4, kernel: 8, rateHz: 128, windowSeconds: 1, preset: 'raw' };
  const variant = parseVariant(JSON.stringify({ ...base, name: 'radar', encoders: { imu } }), 'radar.json');
  const { towers } = IMAGEBIND_MINI;
  const dimensions = { ...IMAGEBIND_MINI, towers: { ...towers, imu: { ...towers.imu, tokens: 17, stem: [8] } } };
  await randomBundle(scratch, ['imu'], { variant, dimensions });
  const read = async (folder: string): Promise<Manifest> =>
    JSON.parse(await readFile(path.join(folder, 'manifest.json'), 'utf8'));
  const [own, other] = [await read(bundle), await read(scratch)];
  const { input, preset } = formatOf('radar');
  const radar = { ...other.encoders['imu']!, input, preset };
  for (const file of [radar.model, radar.weights]) {
    if (file !== null) await rename(path.join(scratch, file.file), path.join(bundle, file.file));
  }
  const manifest = { ...own, encoders: { ...own.encoders, radar } };
  await writeFile(path.join(bundle, 'manifest.json'), JSON.stringify(manifest));
}

function contains({ low, high }: Figure, value: number): boolean {
  return low - 1e-9 <= value && value <= high + 1e-9;
}

describe('the evaluation of a bundle with random weights', () => {
  let folder: string;
  let directory: string;
  let report: EvaluationReport;
  const open = () => openBundle(directory, { stateDirectory: path.join(folder, 'state') });

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'sensebind-eval-'));
    directory = path.join(folder, 'bundle');
    await randomBundle(directory, ['vision', 'text', 'thermal']);
    await addRadar(directory, path.join(folder, 'radar'));
    await writeResults(directory, resultsOf('f'.repeat(64)));
    report = await evaluate(await open(), { scenes: SCENES, seed: SEED, labelledPerEvent: LABELLED });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('is of the form that --json promises, with an encoder outside the six', () => {
    assert.ok(validator.Check(report));
    assert.ok(validator.Check(JSON.parse(JSON.stringify(report))));
    assert.deepEqual(
      report.modalities.map(({ modality }) => modality),
      ['vision', 'thermal', 'radar'],
    );
    assert.equal(report.arithmetic, null);
  });

  it('gives chance within its interval', () => {
    for (const { modality, everyScene, blind, toCaption } of report.modalities) {
      assert.ok(contains(everyScene.new.top5, report.chance.top5), modality);
      assert.ok(contains(blind!.top1, blind!.chance), modality);
      assert.ok(contains(toCaption.recall.at10, 10 / toCaption.pool), modality);
    }
  });

  it('refuses stored columns of another bundle, in words', () => {
    assert.equal(report.controls.status, 'refused');
    const table = markdownOf(evaluationTable(report));
    assert.match(table, /^\| top-1, % \| vision \| thermal \| radar \|\n/);
    assert.doesNotMatch(table, /stored: /);
    assert.match(table, /no columns of other weights .* results\.json belongs to the bundle ffffffffffff/);
  });

  it('is printed by sensebind eval --json, the same again, with the stored columns of this very bundle', async () => {
    const results = resultsOf(bundleHash((await open()).manifest), 'thermal');
    await writeResults(directory, results);
    const numbers = ['--scenes', `${SCENES}`, '--labelled', `${LABELLED}`, '--seed', `${SEED}`];
    const { code, stdout, stderr } = await runCommand(['eval', '--bundle', directory, ...numbers, '--json'], {
      stateHome: folder,
    });
    assert.equal(code, 0, stderr);
    const printed: unknown = JSON.parse(stdout);
    assert.ok(validator.Check(printed));
    assert.deepEqual(printed, { ...report, controls: { status: 'stored', results } });
    const table = markdownOf(evaluationTable(printed));
    assert.match(table, /\| stored: further seeds \| - \| 50\.0 \| - \|/);
    assert.match(table, /\| stored: these weights in float32 \| - \| 55\.0 \(40\.0–60\.0\) \| - \|/);
    assert.match(table, /\| stored: these weights as they are here \| - \| 50\.0 \(40\.0–60\.0\) \| - \|/);
  });

  it('draws as many bars as there are figures', () => {
    const svg = tablePlot(report);
    assert.equal(svg.match(/<rect class="fill/g)?.length, report.modalities.length * 5 + 5);
  });

  it('refuses less scenes than labels, and bundles without text', async () => {
    await assert.rejects(evaluate(await open(), { scenes: 23, seed: 1 }), refused('INPUT_INVALID'));
    const silent = path.join(folder, 'silent');
    await randomBundle(silent, ['thermal']);
    const bundle = await openBundle(silent, { stateDirectory: path.join(folder, 'state') });
    await assert.rejects(evaluate(bundle, { scenes: 24, seed: 1 }), refused('MODALITY_UNKNOWN'));
  });

  it('refuses numbers that make no sense', async () => {
    const asked = ['eval', '--bundle', directory, '--scenes', '0', '--json'];
    assert.equal(errorCode(await runCommand(asked, { stateHome: folder })), 'USAGE');
  });
});
