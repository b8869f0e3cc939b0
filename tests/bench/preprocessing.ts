import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { randomStateDict } from '../../models/checkpoint/randomStateDict';
import { planEncoder } from '../../models/imagebind/encoder';
import { IMAGEBIND_HUGE, imagebindLayout } from '../../models/imagebind/layout';
import type { ImagebindModality } from '../../models/imagebind/modality';
import { readVariant } from '../../models/imagebind/variant';
import { tokenizerDefinition } from '../../models/text/publishedTokenizer';
import { serialiseTokenizer } from '../../models/text/tokenizerDefinition';
import type { EncoderInput } from '../../runtime/preprocess/input';
import { presetOf } from '../../runtime/preprocess/presets';
import { type Figure, median, timed } from './measure';
import { noise } from './noise';

const LARGEST_SHARE = 0.05;
/** Of the int8 forward. */
const LARGEST_INT8_SHARE = 0.1;
/** How many times as fast int8 is, where this run has not measured it (reference/onnxruntime.md §2; depth as the like motion). */
const USUAL_INT8_RATIO: Readonly<Record<ImagebindModality, number>> = {
  vision: 3.17,
  text: 3.1,
  audio: 2.45,
  depth: 2.45,
  thermal: 2.78,
  imu: 2.45,
};
/** Depth has a budget of its own: its encoder is so small that 5 % of it would be less than reading the frame. */
const DEPTH_MILLIS = 6;
const ROUNDS = 21;
const WARM_UP = 30;

interface Job {
  readonly modality: ImagebindModality;
  readonly name: string;
  /** How often the encoder runs for this input. */
  readonly items: number;
  /** A new input each round, so that nothing can be remembered from the last. */
  input(round: number): EncoderInput;
}

/** What the forward of one item takes. */
export interface ForwardTimes {
  /** fp32; modalities without one are left out. */
  readonly millis: ReadonlyMap<ImagebindModality, number>;
  /** How many times as fast int8 is, where it was measured. */
  readonly int8Ratios: ReadonlyMap<ImagebindModality, number>;
}

/** Raw input → tensors as the worker does it, against the full-size forward measured in the same run. */
export async function benchPreprocessing(
  forward: ForwardTimes,
  { folder }: { readonly folder: string },
): Promise<readonly Figure[]> {
  const scratch = await mkdtemp(path.join(folder, 'preprocessing-'));
  try {
    const tokenizerPath = path.join(scratch, 'tokenizer.json');
    await writeFile(tokenizerPath, serialiseTokenizer(tokenizerDefinition()));
    const figures: Figure[] = [];
    for (const job of jobs()) {
      const millis = forward.millis.get(job.modality);
      if (millis === undefined) continue;
      const int8Ratio = forward.int8Ratios.get(job.modality);
      figures.push(await measure(job, { forward: millis * job.items, int8Ratio, tokenizerPath }));
    }
    return figures;
  } finally {
    await rm(scratch, { recursive: true });
  }
}

async function measure(
  job: Job,
  {
    forward,
    int8Ratio,
    tokenizerPath,
  }: { readonly forward: number; readonly int8Ratio: number | undefined; readonly tokenizerPath: string },
): Promise<Figure> {
  const { modality } = job;
  const checkpoint = randomStateDict(imagebindLayout(IMAGEBIND_HUGE, [modality]), { seed: 1 });
  const plan = await planEncoder(checkpoint, await readVariant('imagebind_huge'), modality);
  const preprocessor = presetOf(modality, plan.preset).create(plan.input, { tokenizerPath });
  // The compiler of V8 takes some dozens of calls to settle.
  for (let round = 0; round < WARM_UP; round++) await preprocessor.prepare(job.input(0));
  const millis: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const input = job.input(round);
    millis.push(await timed(() => preprocessor.prepare(input)));
  }
  const milliseconds = median(millis);
  const share = milliseconds / forward;
  const ratio = int8Ratio ?? USUAL_INT8_RATIO[modality];
  const int8Share = share * ratio;
  const isDepth = modality === 'depth';
  const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
  return {
    name: `${job.name} → tensor`,
    measured: `${percent(share)} of its fp32 forward, ${percent(int8Share)} of int8${int8Ratio === undefined ? ` if that is ${ratio}× as fast` : ''} (${milliseconds.toFixed(2)} ms)`,
    budget: isDepth ? `≤ ${DEPTH_MILLIS} ms` : `≤ ${100 * LARGEST_SHARE} %, ≤ ${100 * LARGEST_INT8_SHARE} %`,
    // An absolute figure: the fastest round is the one that nothing else on the machine disturbed.
    holds: isDepth ? Math.min(...millis) <= DEPTH_MILLIS : share <= LARGEST_SHARE && int8Share <= LARGEST_INT8_SHARE,
    details: { share, int8Share, int8Ratio: ratio, milliseconds, fastest: Math.min(...millis), rounds: ROUNDS },
    ratio: { value: share, better: 'lower' },
  };
}

function jobs(): readonly Job[] {
  const picture = Uint8Array.from(noise(1280 * 720 * 3), (value) => 127.5 + 127.5 * value);
  const metres = noise(640 * 480).map((value) => (value < -0.9 ? 0 : 3 + 2 * value));
  const kelvin = noise(256 * 192).map((value) => 300 + 10 * value);
  const stereo = [noise(5 * 44_100), noise(5 * 44_100)];
  const stream = noise(16_000 * (2 + ROUNDS));
  const axes = Array.from({ length: 6 }, () => noise(1000));
  return [
    {
      modality: 'vision',
      name: 'picture 1280×720',
      items: 1,
      input: () => ({ kind: 'picture', frames: [{ rgb: picture, width: 1280, height: 720 }] }),
    },
    {
      modality: 'audio',
      name: 'recording, 5 s, 44.1 kHz stereo',
      items: 3,
      input: () => ({ kind: 'sound', sampleRateHz: 44_100, channels: stereo }),
    },
    {
      modality: 'audio',
      name: 'running stream, 2 s window, 1 s hop',
      items: 1,
      input: (round) => ({
        kind: 'soundStream',
        stream: 'bench',
        firstSample: round * 16_000,
        samples: stream.subarray(round * 16_000, (round + 2) * 16_000),
      }),
    },
    {
      modality: 'depth',
      name: 'depth 640×480 with holes',
      items: 1,
      input: () => ({ kind: 'depth', metres, width: 640, height: 480 }),
    },
    {
      modality: 'thermal',
      name: 'thermal 256×192, kelvin',
      items: 1,
      input: () => ({ kind: 'thermal', kelvin, width: 256, height: 192 }),
    },
    {
      modality: 'imu',
      name: 'motion, 5 s at 200 Hz',
      items: 1,
      input: () => ({ kind: 'motion', axes, timing: { rateHz: 200 } }),
    },
    {
      modality: 'text',
      name: 'a sentence',
      items: 1,
      input: (round) => ({ kind: 'text', text: `a person drops ${round} plates in the kitchen` }),
    },
  ];
}
