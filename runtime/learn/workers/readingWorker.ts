import { workerData } from 'node:worker_threads';
import type { Sensor } from '../../../devices/simulated/sensor';
import type { EncoderInput } from '../../preprocess/input';
import { sceneOf } from '../scenePlan';
import { readingOf } from '../sensorItems';
import { serveTasks } from './serveTasks';

export interface ReadingWorkerData {
  readonly sensors: readonly Sensor[];
}

/** What each sensor has of each scene of a task. */
export interface ReadingResult {
  readonly first: number;
  readonly scenes: readonly (readonly EncoderInput[])[];
}

/** Entry of a worker thread that renders scenes as sensors read them. It knows no captions. */
const { sensors }: ReadingWorkerData = workerData;

serveTasks<ReadingResult>(async ({ first, scenes }) => {
  const rendered = scenes.map((planned) => {
    const scene = sceneOf(planned);
    return sensors.map((sensor) => readingOf(sensor, scene));
  });
  return { result: { first, scenes: rendered }, transfer: [] };
});
