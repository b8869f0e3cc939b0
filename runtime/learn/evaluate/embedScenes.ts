import type { Sensor } from '../../../devices/simulated/sensor';
import type { Engine } from '../../inference/engine';
import type { PlannedScene } from '../scenePlan';
import { inWorkers } from '../workers/inWorkers';
import type { SceneTask } from '../workers/protocol';
import type { SceneView, SensorView, ViewRequest, ViewResult } from './sceneView';

/** What the raw signal of a scene alone tells. */
export type Signal = Pick<SensorView, 'features' | 'nearestRaw' | 'nearestInput'>;

/** Scenes and all that was found out about them; every list is in the order of the scenes. */
export interface EmbeddedScenes {
  readonly scenes: readonly PlannedScene[];
  /** Unit vectors by sensor; empty lists where no readings were asked for. */
  readonly vectors: ReadonlyMap<Sensor, readonly Float32Array[]>;
  /** Unit vectors of one caption a scene; empty where none were asked for. */
  readonly captions: readonly Float32Array[];
  readonly signals: ReadonlyMap<Sensor, readonly Signal[]>;
}

export interface EmbedScenesOptions {
  readonly engine: Engine;
  readonly request: ViewRequest;
  readonly embedText: (text: string) => Promise<Float32Array>;
  readonly workers?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onScenes: (scenes: number) => void;
}

/** A task's readings take about 2 MB, and reach the main thread at once. */
const SCENES_A_TASK = 8;

/**
 * Renders scenes in worker threads and embeds them through the engine, in the way that readings of a device go.
 *
 * @throws {SensebindError} what the engine throws; `REQUEST_ABORTED`.
 */
export async function embedScenes(
  scenes: readonly PlannedScene[],
  options: EmbedScenesOptions,
): Promise<EmbeddedScenes> {
  const { engine, request, embedText, workers, signal, onScenes } = options;
  const asked = signal === undefined ? {} : { signal };
  const { encoders } = request;
  const vectors = new Map<Sensor, Float32Array[]>(encoders.map(({ sensor }) => [sensor, []]));
  const signals = new Map<Sensor, Signal[]>(encoders.map(({ sensor }) => [sensor, []]));
  const captions: Float32Array[] = [];
  await inWorkers<ViewResult>(tasksOf(scenes), {
    entry: 'viewWorker',
    workerData: request,
    workers,
    signal,
    onResult: async ({ first, views }) => {
      const embed = async (view: SceneView, index: number): Promise<void> => {
        if (view.caption !== null) captions[index] = await embedText(view.caption);
        for (const [at, encoder] of encoders.entries()) {
          const seen = view.sensors[at];
          if (seen === undefined) continue;
          const { reading, ...signal } = seen;
          const list = signals.get(encoder.sensor);
          if (list !== undefined) list[index] = signal;
          const embedded = vectors.get(encoder.sensor);
          if (reading === null || embedded === undefined) continue;
          embedded[index] = (await engine.encode(encoder.sensor, reading, asked)).vector;
        }
      };
      await Promise.all(views.map((view, at) => embed(view, first + at)));
      onScenes(views.length);
    },
  });
  return { scenes, vectors, captions, signals };
}

function* tasksOf(scenes: readonly PlannedScene[]): Generator<SceneTask, void> {
  for (let first = 0; first < scenes.length; first += SCENES_A_TASK) {
    yield { first, scenes: scenes.slice(first, first + SCENES_A_TASK) };
  }
}
