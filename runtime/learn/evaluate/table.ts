import type { Figure } from './figure';
import type { JudgedBundle } from './precisions';
import type { AmongFew, EvaluationReport, ModalityReport } from './report';
import { type ControlKind, type ControlRun, shortHash, type TrainingResults } from './results';
import type { RetrievalFigures } from './retrieval';

/** Rows of text, a column a modality, as in Table 2 of the paper; and what is to be said below. */
export interface EvaluationTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly notes: readonly string[];
}

const NONE = '-';

/** One row: its name, and a cell for each modality. */
type Row = readonly [name: string, cell: (modality: ModalityReport) => string];

/** The report for people: top-1 in per cent with the 95 % interval, of events that the sensor perceives. */
export function evaluationTable(report: EvaluationReport): EvaluationTable {
  const { modalities, controls } = report;
  const computed: readonly Row[] = [
    ['events that it perceives', ({ perceivable }) => `${perceivable} of ${report.labels}`],
    ['chance', () => percent(report.chance.top1)],
    ['trivial: mean and deviation', ({ trivial }) => figure(trivial.top1)],
    ['1-NN, raw signal', ({ nearestRaw }) => figure(nearestRaw)],
    ['1-NN, what the encoder gets', ({ nearestInput }) => figure(nearestInput)],
    ['zero-shot, new scenes', ({ new: fresh }) => figure(fresh.top1)],
    ['zero-shot, new scenes, top 5', ({ new: fresh }) => figure(fresh.top5)],
    ['zero-shot, held-out pairs', ({ held }) => figure(held.top1)],
    ['zero-shot, events that the camera sees too', ({ shown }) => figure(shown.top1)],
    ['zero-shot, other prompts', ({ paraphrased }) => figure(paraphrased.top1)],
    ['every scene: trivial', ({ everyScene }) => figure(everyScene.trivial.top1)],
    ['every scene: zero-shot', ({ everyScene }) => figure(everyScene.new.top1)],
    ['m that it cannot perceive', ({ blind }) => amongFew(blind)],
    ['  chance, 100 / m', ({ blind }) => chanceOf(blind)],
    ['n that the camera cannot see', ({ unshown }) => amongFew(unshown)],
    ['  chance, 100 / n', ({ unshown }) => chanceOf(unshown)],
    ['→ image, R@1/5/10', ({ toImage }) => recalls(toImage)],
    ['→ caption, R@1/5/10', ({ toCaption }) => recalls(toCaption)],
  ];
  const stored = controls.status === 'stored' ? storedRows(controls.results) : [];
  return {
    head: ['top-1, %', ...modalities.map(({ modality }) => modality)],
    rows: [...computed, ...stored].map(([name, cell]) => [name, ...modalities.map(cell)]),
    notes: notesOf(report),
  };
}

/** The same as a table of Markdown. */
export function markdownOf({ head, rows, notes }: EvaluationTable): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [line(head), line(rule), ...rows.map(line), '', ...notes.map((note) => `- ${note}`)].join('\n');
}

const CONTROLS: readonly (readonly [kind: ControlKind, name: string])[] = [
  ['textPaired', 'stored: paired with text'],
  ['supervised', 'stored: trained with labels'],
  ['shuffled', 'stored: shuffled pairs'],
  ['furtherSeed', 'stored: further seeds'],
  ['leftOut', 'stored: event left out'],
];

/** What int8 costs, and what other trainings give. */
function storedRows(results: TrainingResults): readonly Row[] {
  const { floatingPoint, shipped } = results.precisions;
  const row = (name: string, { modalities }: JudgedBundle): Row => [
    name,
    ({ modality }) => {
      const judged = Object.hasOwn(modalities, modality) ? modalities[modality] : undefined;
      return judged === undefined ? NONE : figure(judged.new.top1);
    },
  ];
  return [
    row('stored: these weights in float32', floatingPoint),
    row('stored: these weights as they are here', shipped),
    ...controlRows(results),
  ];
}

/** A row for each kind of control that there is a run of. */
function controlRows({ runs }: TrainingResults): readonly Row[] {
  return CONTROLS.flatMap(([kind, name]): readonly Row[] => {
    const ofKind = runs.filter((run) => run.kind === kind);
    if (ofKind.length === 0) return [];
    return [
      [
        name,
        ({ modality }) =>
          ofKind
            .filter((run) => run.modality === modality)
            .map(runCell)
            .join(', ') || NONE,
      ],
    ];
  });
}

function runCell({ kind, new: fresh, event }: ControlRun): string {
  const value = kind === 'furtherSeed' ? percent(fresh.top1.value) : figure(fresh.top1);
  return event === undefined ? value : `${value} ${event}`;
}

function notesOf(report: EvaluationReport): readonly string[] {
  const { scenes, bundle, controls, arithmetic, notJudged, modalities } = report;
  const pools = [...new Set(modalities.map(({ toCaption }) => toCaption.pool))].join(', ');
  return [
    `${bundle.name} ${shortHash(bundle.hash)}, ${bundle.space}${bundle.trained ? '' : ', random weights'}`,
    `${scenes.new} new scenes, ${scenes.held} of pairs of event and room held out, seed ${scenes.seed}; in brackets, 95 % of 1,000 bootstrap resamples`,
    `all ${report.labels} labels, scenes of events that the sensor perceives; m and n: scenes of those events, new and held out, among their labels only`,
    `trivial: a linear classifier of ${scenes.labelled} labelled scenes; 1-NN: one labelled scene a label, mean of several draws`,
    `retrieval in pools of ${pools} scenes, of events that sensor and camera perceive`,
    ...(arithmetic === null
      ? []
      : [
          `image of X + sound of Y finds a picture with both among ${arithmetic.gallery}: R@1 ${figure(arithmetic.both.at1)}; image alone ${figure(arithmetic.imageAlone.at1)}, sound alone ${figure(arithmetic.soundAlone.at1)}; gain ${points(arithmetic.gain.overImage)} and ${points(arithmetic.gain.overSound)} points`,
        ]),
    ...(notJudged.length === 0 ? [] : [`no sensor of this world feeds: ${notJudged.join(', ')}`]),
    controls.status === 'stored'
      ? storedNote(controls.results)
      : `no columns of other weights (float32, paired with text, labels, shuffled, further seeds, event left out): ${controls.reason}`,
  ];
}

function storedNote({ towers, judged, runs }: TrainingResults): string {
  const list = Object.entries(towers).map(([tower, { seed, steps }]) => `${tower} seed ${seed}, ${steps} steps`);
  const seeds = [...new Set(runs.map(({ seed }) => seed))].join(', ');
  const trained = [...list, ...(runs.length === 0 ? [] : [`runs with seeds ${seeds}`])].join('; ');
  return `stored columns come from training (${trained}), judged on ${judged.new} new scenes of seed ${judged.seed}, not computed now`;
}

/** `82.1 (80.5–83.6)` */
function figure({ value, low, high }: Figure): string {
  return `${percent(value)} (${percent(low)}–${percent(high)})`;
}

function points({ value, low, high }: Figure): string {
  return `${value > 0 ? '+' : ''}${percent(value)} (${percent(low)} to ${percent(high)})`;
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}

function amongFew(few: AmongFew | null): string {
  return few === null ? NONE : figure(few.top1);
}

function chanceOf(few: AmongFew | null): string {
  return few === null ? NONE : `${percent(few.chance)} (of ${few.events.length})`;
}

function recalls(retrieval: RetrievalFigures | null): string {
  if (retrieval === null) return NONE;
  const { at1, at5, at10 } = retrieval.recall;
  return [at1, at5, at10].map(({ value }) => percent(value)).join('/');
}
