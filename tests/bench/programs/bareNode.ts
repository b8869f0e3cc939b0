/**
 * `node bareNode.js PHASES BROKER_URL SECONDS`: what every node of these parts does, and nothing else. The encoders of the
 * shipped bundle in a worker thread, asked for at the times at which the windows of eight sources are complete
 * (measuredNode.ts), and two messages an embedding by MQTT.js. Nothing is preprocessed, scored, fused or looked at. Prints
 * {@link MeasuredWindow}s as JSON. PHASES as eightSources.ts has them.
 */
import path from 'node:path';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { connectAsync, type MqttClient } from 'mqtt';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { openBundle } from '../../../models/bundle/bundle';
import { miniBundleFolder } from '../../../models/mini/location';
import { standBack } from '../../../runtime/inference/background';
import { probeInput } from '../../../runtime/inference/probeInput';
import { sessionOptions } from '../../../runtime/inference/session';
import { encoderSetups } from '../../../runtime/inference/setups';
import { planThreads, threadsFor } from '../../../runtime/inference/threads';
import { beginningsMillis, EIGHT_SOURCES } from '../eightSources';
import { machineMicros } from '../machineMicros';
import type { MeasuredWindow } from './measuredNode';

/** How long after a source has begun its windows are complete, in each second. */
const AFTER_MILLIS: Readonly<Record<string, number>> = { audio: 0, imu: 0, thermal: 200, vision: 350, depth: 350 };

/** As long as that of measuredNode.ts. */
const WARM_UP_SECONDS = 60;

/** As long as those of embedding and scores are together. */
const PADDING = 'x'.repeat(560);

interface Request {
  readonly id: number;
  readonly modality: string;
  readonly completeMicros: number;
}

interface Answer extends Request {
  readonly vector: Float32Array;
  readonly startedMicros: number;
  readonly encodingMicros: number;
}

async function main([phases = '', url = '', seconds = '']: readonly string[]): Promise<void> {
  const client = await connectAsync(url, { protocolVersion: 5 });
  client.stream.on('error', () => undefined);
  if ('setNoDelay' in client.stream && typeof client.stream.setNoDelay === 'function') client.stream.setNoDelay(true);
  const worker = new Worker(path.join(__dirname, 'bareNode.js'));
  const windows: MeasuredWindow[] = [];
  worker.on('message', (answer: Answer) => windows.push(publish(client, answer)));
  const total = WARM_UP_SECONDS + Number(seconds);
  let id = 0;
  const beginnings = beginningsMillis(phases === 'apart' ? 'apart' : 'together');
  for (let second = 0; second < total; second++) {
    for (const [source, modality] of Object.entries(EIGHT_SOURCES)) {
      const ask = () => worker.postMessage({ id: id++, modality, completeMicros: machineMicros() } satisfies Request);
      setTimeout(ask, 1000 * second + (AFTER_MILLIS[modality] ?? 0) + (beginnings.get(source) ?? 0));
    }
  }
  const warmUntilMicros = machineMicros() + 1e6 * WARM_UP_SECONDS;
  await new Promise((resolve) => setTimeout(resolve, 1000 * total + 2000));
  console.log(JSON.stringify(windows.filter(({ completeMicros }) => completeMicros >= warmUntilMicros)));
  await client.endAsync();
  await worker.terminate();
}

function publish(
  client: MqttClient,
  { id, modality, completeMicros, startedMicros, encodingMicros }: Answer,
): MeasuredWindow {
  const answeredMicros = machineMicros();
  for (let message = 0; message < 2; message++) {
    client.publish(`sensebind/v1/bare/src/${modality}/scores`, JSON.stringify({ src: modality, t1: id, PADDING }));
  }
  return { source: modality, endMicros: id, completeMicros, startedMicros, encodingMicros, answeredMicros };
}

/** Answers requests one by one, in order. */
async function encode(port: NonNullable<typeof parentPort>): Promise<void> {
  standBack();
  const plan = planThreads({});
  const encoders = new Map<string, () => Promise<Float32Array>>();
  for (const setup of Object.values(encoderSetups(await openBundle(miniBundleFolder())))) {
    const options = sessionOptions({ provider: 'cpu', threads: threadsFor(setup, plan) });
    const session = await InferenceSession.create(setup.modelPath, options);
    const { data, shape } = probeInput(setup);
    const input = new Tensor(data, shape);
    const [inputName = ''] = session.inputNames;
    const [outputName = ''] = session.outputNames;
    encoders.set(setup.modality, async () => {
      const output = (await session.run({ [inputName]: input }))[outputName]?.data;
      return Float32Array.from(output instanceof Float32Array ? output : []);
    });
  }
  let previous: Promise<void> = Promise.resolve();
  port.on('message', (request: Request) => {
    previous = previous.then(async () => {
      const startedMicros = machineMicros();
      const vector = (await encoders.get(request.modality)?.()) ?? new Float32Array();
      const encodingMicros = machineMicros() - startedMicros;
      port.postMessage({ ...request, vector, startedMicros, encodingMicros } satisfies Answer, [
        vector.buffer as ArrayBuffer,
      ]);
    });
  });
}

if (isMainThread) void main(process.argv.slice(2));
else if (parentPort !== null) void encode(parentPort);
