import { workerData } from 'node:worker_threads';
import { captionsOf } from '../../../devices/simulated/captions';
import type { Scene } from '../../../devices/simulated/scene';
import type { EncoderInput } from '../../preprocess/input';
import type { Preprocessor } from '../../preprocess/preset';
import { presetOf } from '../../preprocess/presets';
import { type Neighbour, nearestNeighbour } from '../baselines/nearest';
import { channelsOf, meanAndDeviation } from '../baselines/signal';
import type { JudgedEncoder, SceneView, SensorView, ViewRequest, ViewResult } from '../evaluate/sceneView';
import { type PlannedScene, sceneOf } from '../scenePlan';
import { readingOf } from '../sensorItems';
import { serveTasks } from './serveTasks';

/** Entry of a worker thread that shows scenes to be judged. */
const request: ViewRequest = workerData;

/** Labelled scenes of one draw, as one sensor has them. */
interface Draw {
  readonly raw: readonly Neighbour[];
  readonly input: readonly Neighbour[];
}

interface Eye {
  readonly encoder: JudgedEncoder;
  readonly preprocessor: Preprocessor;
  readonly draws: readonly Draw[];
}

const eyes = Promise.all(request.encoders.map(openEye));

serveTasks<ViewResult>(async ({ first, scenes }) => {
  const views: SceneView[] = [];
  for (const planned of scenes) views.push(await view(planned));
  return { result: { first, views }, transfer: [] };
});

async function view(planned: PlannedScene): Promise<SceneView> {
  const scene = sceneOf(planned);
  const [caption = null] = request.captions ? captionsOf(scene, { count: 1 }) : [];
  const sensors: SensorView[] = [];
  for (const eye of await eyes) sensors.push(await look(eye, scene));
  return { caption, sensors };
}

async function look({ encoder, preprocessor, draws }: Eye, scene: Scene): Promise<SensorView> {
  const reading = readingOf(encoder.sensor, scene);
  const channels = channelsOf(reading);
  const items = draws.length === 0 ? [] : await itemsOf(preprocessor, reading);
  return {
    reading: request.readings ? reading : null,
    features: request.features ? meanAndDeviation(channels) : null,
    nearestRaw: draws.map(({ raw }) => nearestNeighbour(channels, raw)),
    nearestInput: draws.map(({ input }) => nearestNeighbour(items, input)),
  };
}

async function openEye(encoder: JudgedEncoder): Promise<Eye> {
  const preprocessor = presetOf(encoder.sensor, encoder.preset).create(encoder.input, {});
  const draws: Draw[] = [];
  for (const scenes of request.neighbours) {
    const raw: Neighbour[] = [];
    const input: Neighbour[] = [];
    for (const planned of scenes) {
      const [event = ''] = planned.events;
      const reading = readingOf(encoder.sensor, sceneOf(planned));
      raw.push({ event, channels: channelsOf(reading) });
      input.push({ event, channels: await itemsOf(preprocessor, reading) });
    }
    draws.push({ raw, input });
  }
  return { encoder, preprocessor, draws };
}

/** Copies of the items that an encoder would get: the preprocessor uses its memory again. */
async function itemsOf(preprocessor: Preprocessor, reading: EncoderInput): Promise<readonly ArrayLike<number>[]> {
  const { items } = await preprocessor.prepare(reading);
  return items.map(({ data }) => data.slice());
}
