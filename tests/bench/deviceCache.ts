import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { randomStateDict } from '../../models/checkpoint/randomStateDict';
import { planEncoder, writeEncoder } from '../../models/imagebind/encoder';
import { IMAGEBIND_HUGE, imagebindLayout } from '../../models/imagebind/layout';
import type { ImagebindModality } from '../../models/imagebind/modality';
import { readVariant } from '../../models/imagebind/variant';
import { copyRequest, runCopyProcess } from '../../runtime/inference/deviceCache/copyMaker';
import { MODEL_FILE } from '../../runtime/inference/deviceCache/entry';
import { deviceCacheSettings } from '../../runtime/inference/deviceCache/settings';
import { runHelper } from '../../runtime/inference/helperProcess';
import type { EncoderFigures, EncoderRequest } from '../../runtime/inference/plan/encoderProgram';
import type { EncoderSetup } from '../../runtime/inference/protocol';
import { inputShape } from '../../runtime/preprocess/tensor';
import { compiled } from '../support/paths';
import { type Figure, median, timed } from './measure';

/** How much less private memory a session has with a copy, at least (reference/onnxruntime.md §4: 365 against 39 MB). */
const LEAST_MEMORY_RATIO = 3;

/** What two processes take together with the copy, of what they take without, at most (§4: 238 of 404 MB). */
const MOST_SHARE_OF_TWO = 0.75;

/**
 * A full-size encoder with random weights, from the bundle's file and from its copy in the device cache, in fresh processes
 * in turn: private memory, time to load, and what two of them take together.
 */
export async function benchDeviceCache(options: {
  readonly folder: string;
  readonly rounds: number;
  readonly modality?: ImagebindModality;
}): Promise<readonly Figure[]> {
  const { rounds, modality = 'thermal' } = options;
  const folder = await mkdtemp(path.join(options.folder, 'device-cache-'));
  try {
    const plain = await writeRandom(folder, modality);
    const settings = deviceCacheSettings({ folder: path.join(folder, 'encoders') });
    const request = {
      ...copyRequest(plain, settings),
      runtimeModule: 'onnxruntime-node',
      threads: availableParallelism(),
      inBackground: false,
    };
    const makingMillis = await timed(async () => {
      const result = await runCopyProcess(request);
      if (result.kind !== 'made') throw new Error(`no copy was made: ${JSON.stringify(result)}`);
    });
    const copied = { ...plain, modelPath: path.join(await copyIn(settings.folder), MODEL_FILE) };
    const figures = { plain: [] as EncoderFigures[], copied: [] as EncoderFigures[] };
    for (let round = 0; round < rounds; round++) {
      figures.plain.push(await measured(plain));
      figures.copied.push(await measured(copied));
    }
    const two = { plain: await shareOfTwo(plain), copied: await shareOfTwo(copied) };
    return [memoryFigure(modality, figures), loadFigure(modality, figures, makingMillis), sharingFigure(modality, two)];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeRandom(folder: string, modality: ImagebindModality): Promise<EncoderSetup> {
  const checkpoint = randomStateDict(imagebindLayout(IMAGEBIND_HUGE, [modality]), { seed: 1 });
  const plan = await planEncoder(checkpoint, await readVariant('imagebind_huge'), modality);
  const modelPath = path.join(folder, `${modality}.onnx`);
  const weightsPath = `${modelPath}.data`;
  const { model, weights } = await writeEncoder(checkpoint, plan, { modelPath, weightsPath, precision: 'fp32' });
  return {
    modality,
    modelPath,
    spec: plan.input,
    preset: plan.preset,
    precision: 'fp32',
    dimensions: IMAGEBIND_HUGE.output,
    hash: weights.sha256,
    fileBytes: model.bytes + weights.bytes,
  };
}

async function copyIn(folder: string): Promise<string> {
  for (const name of await readdir(folder)) {
    const copy = path.join(folder, name);
    if (await stat(path.join(copy, MODEL_FILE)).catch(() => undefined)) return copy;
  }
  throw new Error(`no copy in ${folder}`);
}

function measured(setup: EncoderSetup): Promise<EncoderFigures> {
  const request: EncoderRequest = { setup, threads: availableParallelism(), runtimeModule: 'onnxruntime-node' };
  return runHelper(compiled('runtime/inference/plan/encoderProgram'), request, { purpose: 'runs an encoder' });
}

type Both = Readonly<Record<'plain' | 'copied', readonly EncoderFigures[]>>;

function memoryFigure(modality: string, figures: Both): Figure {
  const [plain, copied] = [figures.plain, figures.copied].map((rounds) =>
    median(rounds.map(({ privateBytes = Number.NaN }) => privateBytes)),
  );
  const ratio = (plain ?? 0) / (copied ?? 0);
  return {
    name: `${modality}, full size: private memory with the device cache`,
    measured: `${megabytes(copied)} instead of ${megabytes(plain)}, ${ratio.toFixed(1)}× less`,
    budget: `≥ ${LEAST_MEMORY_RATIO}× less`,
    holds: ratio >= LEAST_MEMORY_RATIO,
    details: { ratio, plainBytes: plain ?? 0, copiedBytes: copied ?? 0 },
  };
}

function loadFigure(modality: string, figures: Both, makingMillis: number): Figure {
  const [plain, copied] = [figures.plain, figures.copied].map((rounds) =>
    median(rounds.map(({ createMillis }) => createMillis)),
  );
  const [plainRun, copiedRun] = [figures.plain, figures.copied].map((rounds) =>
    median(rounds.map(({ forwardMillis }) => forwardMillis)),
  );
  const share = (copied ?? 0) / (plain ?? 0);
  return {
    name: `${modality}, full size: time to load with the device cache`,
    measured: `${copied?.toFixed(0)} instead of ${plain?.toFixed(0)} ms, ${(100 * share).toFixed(0)} %; forward ${copiedRun?.toFixed(0)} and ${plainRun?.toFixed(0)} ms; made once in ${(makingMillis / 1000).toFixed(1)} s`,
    budget: '< 100 %',
    holds: share < 1,
    details: {
      share,
      plainMillis: plain ?? 0,
      copiedMillis: copied ?? 0,
      plainForwardMillis: plainRun ?? 0,
      copiedForwardMillis: copiedRun ?? 0,
      makingMillis,
    },
  };
}

function sharingFigure(modality: string, two: Readonly<Record<'plain' | 'copied', number>>): Figure {
  const share = two.copied / two.plain;
  return {
    name: `${modality}, full size: two processes share the device cache`,
    measured: `${megabytes(two.copied)} each instead of ${megabytes(two.plain)}, ${(100 * share).toFixed(0)} %`,
    budget: `≤ ${100 * MOST_SHARE_OF_TWO} %`,
    holds: share <= MOST_SHARE_OF_TWO,
    details: { share, plainBytes: two.plain, copiedBytes: two.copied },
  };
}

/** Proportional share (PSS of proc_pid_smaps(5)) of one of two processes that hold the same encoder, bytes. */
async function shareOfTwo({ modelPath, spec }: EncoderSetup): Promise<number> {
  const shape = [1, ...inputShape(spec)].join('x');
  const children = [0, 1].map(() =>
    spawn(process.execPath, [compiled('tests/bench/programs/heldSession'), modelPath, shape], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  try {
    await Promise.all(children.map(({ stdout }) => once(stdout, 'data')));
    const shares = await Promise.all(children.map(({ pid = 0 }) => proportionalShare(pid)));
    return shares.reduce((sum, share) => sum + share, 0) / shares.length;
  } finally {
    const ended = children.map((child) => once(child, 'exit'));
    for (const { stdin } of children) stdin.end();
    await Promise.all(ended);
  }
}

async function proportionalShare(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1]) * 1024;
}

function megabytes(bytes: number | undefined): string {
  return `${((bytes ?? Number.NaN) / 1e6).toFixed(0)} MB`;
}
