import { workerData } from 'node:worker_threads';
import type { Scene } from '../../../devices/simulated/scene';
import type { Sensor } from '../../../devices/simulated/sensor';
import { firstOverflow, toFloat16 } from '../../../models/onnx/float16';
import { elementCount } from '../../../models/onnx/shape';
import { SensebindError } from '../../errors';
import { sceneOf } from '../scenePlan';
import { type ItemMaker, itemMaker } from '../sensorItems';
import { serveTasks } from './serveTasks';

export interface ItemWorkerData {
  readonly sensors: readonly Sensor[];
}

/** Items of a task's scenes: for each sensor of the setup, binary16, one item after another. */
export interface ItemResult {
  readonly first: number;
  readonly scenes: number;
  readonly items: readonly Uint16Array<ArrayBuffer>[];
}

/** Entry of a worker thread that renders scenes and prepares them. It knows no captions. */
const { sensors }: ItemWorkerData = workerData;
const makers = sensors.map((sensor) => ({ sensor, maker: itemMaker(sensor) }));

serveTasks<ItemResult>(async ({ first, scenes }) => {
  const arrays = makers.map(({ maker }) => new Uint16Array(scenes.length * elementCount(maker.format.shape)));
  for (const [index, planned] of scenes.entries()) {
    const scene = sceneOf(planned);
    for (const [at, { sensor, maker }] of makers.entries()) {
      const half = arrays[at]?.subarray(...rangeOf(maker, index));
      if (half !== undefined) await writeItem(half, { sensor, maker, scene });
    }
  }
  return { result: { first, scenes: scenes.length, items: arrays }, transfer: arrays.map(({ buffer }) => buffer) };
});

function rangeOf({ format }: ItemMaker, index: number): [start: number, end: number] {
  const length = elementCount(format.shape);
  return [index * length, (index + 1) * length];
}

async function writeItem(
  half: Uint16Array,
  { sensor, maker, scene }: { readonly sensor: Sensor; readonly maker: ItemMaker; readonly scene: Scene },
): Promise<void> {
  toFloat16(await maker.make(scene), half);
  const at = firstOverflow(half);
  if (at < 0) return;
  throw new SensebindError(
    'PRECISION_OVERFLOW',
    `Expected ${sensor} values below 65,504, found a larger one at ${at} of the scene with seed ${scene.seed}`,
    'Please report this: the preset does not scale its input.',
  );
}
