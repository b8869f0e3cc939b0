import type { EvaluationReport, ModalityReport } from '../evaluate/report';
import { type Bar, barChart } from './barChart';
import { lineChart, type Point } from './lineChart';

/** What one stage of a training left: image and text, or one sensor. */
export interface StageCurves {
  readonly name: string;
  /** Of every step, the first first. */
  readonly losses: readonly number[];
  /** Recall@1 on scenes held back, where it was measured; shares of one. */
  readonly recalls: readonly { readonly step: number; readonly recallAt1: number }[];
}

/** Loss over steps, a curve a stage: the text of an SVG file. */
export function lossPlot(stages: readonly StageCurves[]): string {
  const series = stages.map(({ name, losses }) => ({
    name,
    points: losses.map((loss, at): Point => ({ x: at + 1, y: loss })),
  }));
  return lineChart({ title: 'Contrastive loss', xName: 'steps', yName: 'loss (InfoNCE)', series });
}

/** Recall@1 over steps, a curve a stage: the text of an SVG file. */
export function recallPlot(stages: readonly StageCurves[]): string {
  const series = stages.map(({ name, recalls }) => ({
    name,
    points: recalls.map(({ step, recallAt1 }): Point => ({ x: step, y: 100 * recallAt1 })),
  }));
  const yRange = { low: 0, high: 100 };
  return lineChart({ title: 'Recall@1 on scenes held back', xName: 'steps', yName: '%', series, yRange });
}

const BARS: readonly (readonly [name: string, of: (report: ModalityReport) => { readonly top1: Bar }])[] = [
  ['trivial', ({ trivial }) => trivial],
  ['1-NN, raw signal', ({ nearestRaw }) => ({ top1: nearestRaw })],
  ['zero-shot, new scenes', ({ new: fresh }) => fresh],
  ['zero-shot, held-out pairs', ({ held }) => held],
  ['zero-shot, other prompts', ({ paraphrased }) => paraphrased],
];

/** The main rows of the evaluation as bars with 95 % intervals, a group a modality: the text of an SVG file. */
export function tablePlot({ modalities, labels, chance }: EvaluationReport): string {
  return barChart({
    title: `Top-1 of ${labels} labels, events that the sensor perceives`,
    yName: '%',
    series: BARS.map(([name]) => name),
    groups: modalities.map((report) => ({
      name: report.modality,
      bars: BARS.map(([, of]) => inPercent(of(report).top1)),
    })),
    most: 100,
    mark: { name: 'chance', value: 100 * chance.top1 },
  });
}

function inPercent({ value, low, high }: Bar): Bar {
  return { value: 100 * value, low: 100 * low, high: 100 * high };
}
