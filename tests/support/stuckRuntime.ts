/**
 * onnxruntime-node whose calls do not come back while the file of the environment variable SENSEBIND_TEST_STUCK is there:
 * give the path of this module as `inference.runtime`. Everything else is the real runtime.
 */
import { existsSync } from 'node:fs';
import * as onnxruntime from 'onnxruntime-node';

type Session = onnxruntime.InferenceSession;

async function create(model: string, options: onnxruntime.InferenceSession.SessionOptions): Promise<Session> {
  const session = await onnxruntime.InferenceSession.create(model, options);
  const run = session.run.bind(session);
  session.run = (feeds: onnxruntime.InferenceSession.FeedsType) => {
    const file = process.env['SENSEBIND_TEST_STUCK'];
    // As a native call does, this holds the thread.
    if (file !== undefined && existsSync(file)) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)), 0, 0);
    }
    return run(feeds);
  };
  return session;
}

export const STUCK_RUNTIME = __filename;
export const InferenceSession = { create };
export const { Tensor, listSupportedBackends } = onnxruntime;
