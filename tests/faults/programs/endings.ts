/**
 * Ends itself, or waits to be ended, while a native call is in flight. Says so on the standard output (endings.ts).
 *
 *     node endings.js BUNDLE (creating|running) (exit|throw|reject|sigterm|handled-sigterm)
 */
import { writeSync } from 'node:fs';
import { openBundle } from '../../../models/bundle/bundle';
import { Engine } from '../../../runtime/inference/engine';
import { inputShape } from '../../../runtime/preprocess/tensor';
import { ENDING_WHILE, IN_FLIGHT, OVER } from '../saidByEndings';

/** Enough work for the native call to be still running when the process ends. */
const ITEMS = 24;

/** Between two items no call is in flight for some microseconds; a call that is over does not come back. */
const LONGEST_PAUSE_MILLIS = 500;

async function main([directory = '', activity = '', ending = '']: readonly string[]): Promise<void> {
  if (ending === 'handled-sigterm') process.on('SIGTERM', () => process.exit(7));
  const bundle = await openBundle(directory, { stateDirectory: `${directory}-state` });
  const [[modality, encoder] = []] = Object.entries(bundle.manifest.encoders);
  if (modality === undefined || encoder === undefined) throw new Error('expected an encoder');
  let engine: Engine | undefined;
  // Before the engine has its own listener, which lets the call in flight end.
  process.once('exit', () => say(`${ENDING_WHILE}${engine === undefined ? 'starting' : activityOf(engine, activity)}`));
  engine = await Engine.open(bundle, activity === 'running' ? { modalities: [modality] } : {});
  const shape = [ITEMS, ...inputShape(encoder.input)];
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(0.5);
  engine.encode(modality, { kind: 'tensor', data, shape }).then(
    () => say(OVER),
    () => say(OVER),
  );
  await inFlight(engine, activity);
  say(IN_FLIGHT);
  if (ending === 'exit') process.exit(3);
  if (ending === 'throw') setImmediate(() => fail());
  if (ending === 'reject') void Promise.reject(new Error('nobody handles this'));
}

/** Not buffered, so that it is out before the process ends. */
function say(line: string): void {
  writeSync(process.stdout.fd, `${line}\n`);
}

/** Resolves when a worker says that it is inside the native call. */
function inFlight(engine: Engine, activity: string): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (isIn(engine, activity)) resolve();
      else setImmediate(look);
    };
    look();
  });
}

/** What the worker does; blocks, as an exit listener must, over the pause between two calls. */
function activityOf(engine: Engine, activity: string): string {
  const pause = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  for (let millis = 0; millis < LONGEST_PAUSE_MILLIS && !isIn(engine, activity); millis++) Atomics.wait(pause, 0, 0, 1);
  return isIn(engine, activity) ? activity : (engine.stats().workers[0]?.activity ?? 'nothing');
}

function isIn(engine: Engine, activity: string): boolean {
  return engine.stats().workers.some((worker) => worker.activity === activity);
}

function fail(): never {
  throw new Error('nobody catches this');
}

void main(process.argv.slice(2));
