/**
 * Ends itself, or waits to be ended, while a native call is in flight.
 *
 *     node endings.js BUNDLE (creating|running) (exit|throw|reject|sigterm|handled-sigterm)
 */
import { openBundle } from '../../../models/bundle/bundle';
import { Engine } from '../../../runtime/inference/engine';
import { inputShape } from '../../../runtime/preprocess/tensor';

/** Enough work for the native call to be still running when the process ends. */
const ITEMS = 24;

async function main([directory = '', activity = '', ending = '']: readonly string[]): Promise<void> {
  if (ending === 'handled-sigterm') process.on('SIGTERM', () => process.exit(7));
  const bundle = await openBundle(directory, { stateDirectory: `${directory}-state` });
  const [[modality, encoder] = []] = Object.entries(bundle.manifest.encoders);
  if (modality === undefined || encoder === undefined) throw new Error('expected an encoder');
  const engine = await Engine.open(bundle, activity === 'running' ? { modalities: [modality] } : {});
  const shape = [ITEMS, ...inputShape(encoder.input)];
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(0.5);
  engine.encode(modality, { kind: 'tensor', data, shape }).catch(() => undefined);
  await inFlight(engine, activity);
  process.stdout.write('in flight\n');
  if (ending === 'exit') process.exit(3);
  if (ending === 'throw') setImmediate(() => fail());
  if (ending === 'reject') void Promise.reject(new Error('nobody handles this'));
}

/** Resolves when a worker says that it is inside the native call. */
function inFlight(engine: Engine, activity: string): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (engine.stats().workers.some((worker) => worker.activity === activity)) resolve();
      else setImmediate(look);
    };
    look();
  });
}

function fail(): never {
  throw new Error('nobody catches this');
}

void main(process.argv.slice(2));
