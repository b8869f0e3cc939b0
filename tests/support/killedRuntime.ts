/** onnxruntime in a process that is killed, as for want of memory, when it opens an encoder of a bundle. */
import { InferenceSession as Real } from 'onnxruntime-node';

export { listSupportedBackends, Tensor } from 'onnxruntime-node';

export const InferenceSession = {
  create(model: string, options?: Real.SessionOptions): Promise<Real> {
    if (model.includes('bundle')) process.kill(process.pid, 'SIGKILL');
    return Real.create(model, options);
  },
};

export const KILLED_RUNTIME = __filename;
