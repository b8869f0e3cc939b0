/** Opens the encoder that it is given, runs it once, says so, and holds it until its input ends. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { sessionOptions } from '../../../runtime/inference/session';
import { noise } from '../noise';

async function hold(modelPath: string, shape: readonly number[]): Promise<void> {
  const session = await InferenceSession.create(modelPath, sessionOptions({ provider: 'cpu', threads: 1 }));
  const count = shape.reduce((product, size) => product * size, 1);
  const [name = ''] = session.inputNames;
  await session.run({ [name]: new Tensor(noise(count), shape) });
  process.stdout.write('ready\n');
  process.stdin.on('end', () => void session.release());
  process.stdin.resume();
}

const [modelPath = '', shape = ''] = process.argv.slice(2);
void hold(modelPath, shape.split('x').map(Number));
