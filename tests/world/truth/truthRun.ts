import { ReplayClock } from '../../../devices/recording/replayClock';
import { seededScenario } from '../../../devices/simulated/sharedWorld';
import { openBundle } from '../../../models/bundle/bundle';
import { miniBundleFolder } from '../../../models/mini/location';
import type { DetectedEvent } from '../../../runtime/events/detectedEvent';
import { Engine } from '../../../runtime/inference/engine';
import { countsOf, type Figures, figuresOf, type PlayCounts } from './figures';
import { detectionsOf, type Happened, judge, TruthLog, type Verdict } from './judge';
import { playScenario, type Stage } from './playScenario';
import { type TruthConfig, truthConfig } from './truthConfig';

export interface TruthOptions {
  /** Of the first scenario; the others follow. */
  readonly seed: number;
  readonly scenarios: number;
  readonly seconds: number;
  /** Called after each scenario. */
  readonly played?: (seed: number) => void;
}

export interface SensorFigures extends Figures {
  /** Kinds of event that it is judged on. */
  readonly kinds: number;
}

export interface TruthReport {
  /** By id of source: over the kinds of event that the sensor can perceive and the model can name. */
  readonly sensors: Readonly<Record<string, SensorFigures>>;
  /** All sensors together, over the kinds that the model can name. */
  readonly together: SensorFigures;
  /** All together, over every event of the world: also those that have no label. */
  readonly everyEvent: Figures;
  /** Counts of each play in turn, by id of source and of the group. */
  readonly plays: Readonly<Record<string, readonly PlayCounts[]>>;
  /** All together, by event: how often it happened, was found, and was reported although it did not. */
  readonly byEvent: Readonly<
    Record<string, { readonly happened: number; readonly found: number; readonly falseAlarms: number }>
  >;
}

/** A clock that stood at this wall time: 1 January 2026. */
export const START = { epochMicros: 1_767_225_600_000_000, monotonicMicros: 0 };

/** Opens the shipped bundle on a clock that only moves with the world. One thread: it waits for each window. */
export async function openStage(config: Stage['config']): Promise<Stage & AsyncDisposable> {
  const clock = new ReplayClock();
  clock.advance(START);
  const bundle = await openBundle(miniBundleFolder());
  const engine = await Engine.open(bundle, { clock, workers: 1, threadsPerWorker: 1 });
  return { config, bundle, engine, clock, [Symbol.asyncDispose]: () => engine.close() };
}

/** Plays scenarios from seeds through the pipeline, and judges what it published. */
export async function runTruth({ seed, scenarios, seconds, played }: TruthOptions): Promise<TruthReport> {
  const judged = await truthConfig();
  const { group, sensesOf, named } = judged;
  await using stage = await openStage(judged.config);
  const verdicts = new Map<string, Verdict[]>();
  const everyEvent: Verdict[] = [];
  for (let index = 0; index < scenarios; index++) {
    const { happened, detections } = await playAndListen(stage, { judged, seed: seed + index, seconds });
    const isNamed = happened.filter(({ event }) => named.has(event));
    for (const [source, senses] of sensesOf) {
      const perceived = isNamed.filter(({ sensors }) => sensors.some((sensor) => senses.includes(sensor)));
      // What a sensor reports of an event that really happens is no false alarm, whoever perceives it.
      const verdict = judge(isNamed, detections(source));
      const found = judge(perceived, detections(source)).happened;
      push(verdicts, source, { happened: found, falseAlarms: verdict.falseAlarms });
    }
    push(verdicts, group, judge(isNamed, detections(group)));
    everyEvent.push(judge(happened, detections(group)));
    played?.(seed + index);
  }
  const figures = (of: readonly Verdict[]): Figures => figuresOf(of, { seconds, seed });
  const ofGroup = verdicts.get(group) ?? [];
  const ofSource = (of: string): SensorFigures => ({ ...figures(verdicts.get(of) ?? []), kinds: kindsOf(judged, of) });
  return {
    sensors: Object.fromEntries([...sensesOf.keys()].map((source) => [source, ofSource(source)])),
    together: ofSource(group),
    everyEvent: figures(everyEvent),
    plays: Object.fromEntries([...verdicts].map(([of, list]) => [of, list.map(countsOf)])),
    byEvent: byEvent(ofGroup, named),
  };
}

async function playAndListen(
  stage: Stage,
  { judged, seed, seconds }: { readonly judged: TruthConfig; readonly seed: number; readonly seconds: number },
) {
  const truth = new TruthLog();
  const events: DetectedEvent[] = [];
  const startMicros = await playScenario(stage, {
    scenario: seededScenario(seed),
    seconds,
    truth: truth.sink,
    onEvent: (event) => {
      if (event.kind === 'detected') events.push(event.event);
    },
  });
  const happened: readonly Happened[] = truth.until(seconds);
  const zeroMicros = startMicros + START.epochMicros;
  return {
    happened,
    detections: (of: string) =>
      detectionsOf(events, { zeroMicros, endSeconds: seconds, labelOf: (rule) => judged.labelOf(of, rule) }),
  };
}

function kindsOf({ config, labelOf }: TruthConfig, of: string): number {
  return config.rules.filter(({ id }) => labelOf(of, id) !== undefined).length;
}

function byEvent(verdicts: readonly Verdict[], named: ReadonlySet<string>): TruthReport['byEvent'] {
  return Object.fromEntries(
    [...named].map((event) => {
      const happened = verdicts.flatMap((verdict) => verdict.happened.filter((one) => one.event === event));
      const falseAlarms = verdicts.flatMap((verdict) => verdict.falseAlarms.filter((one) => one.event === event));
      const found = happened.filter(({ isFound }) => isFound).length;
      return [event, { happened: happened.length, found, falseAlarms: falseAlarms.length }];
    }),
  );
}

function push<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
