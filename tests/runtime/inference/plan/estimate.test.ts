import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { floatingPointOperations, parameterCount } from '../../../../models/imagebind/cost';
import { MODALITIES } from '../../../../models/imagebind/modality';
import { isSensebindError } from '../../../../runtime/errors';
import { estimateEncoder } from '../../../../runtime/inference/plan/estimate';
import { measureMachine } from '../../../../runtime/inference/plan/machineRate';

describe('what an encoder will take', () => {
  it('is counted from the published sizes: 1,200,786,990 numbers in all', () => {
    const counts = MODALITIES.map((modality) => parameterCount(modality));
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      1_200_786_990,
    );
    // reference/imagebind.md §1.1, row "GFLOP per item", counted there by hand from the published code.
    const published = { vision: 324.2, text: 46.5, audio: 39.0, depth: 8.4, thermal: 33.5, imu: 9.5 };
    for (const modality of MODALITIES) {
      const ratio = floatingPointOperations(modality) / 1e9 / published[modality];
      assert.ok(ratio > 0.99 && ratio < 1.1, `${modality}: ${ratio}`);
    }
  });

  it('is above what was measured of the full-size encoders, by less than a fifth', () => {
    // reference/onnxruntime.md §4: anonymous memory after runs, float32 and int8 (MB), thermal.
    const machine = { operationsPerSecond: 200e9, threads: 2 };
    const size = { parameters: parameterCount('thermal'), operations: floatingPointOperations('thermal') };
    const float = estimateEncoder({ ...size, precision: 'fp32' }, machine);
    const half = estimateEncoder({ ...size, precision: 'fp16' }, machine);
    const small = estimateEncoder({ ...size, precision: 'int8' }, machine);
    for (const [estimated, measured] of [
      [float.privateBytes, 365e6],
      [half.privateBytes, 367e6],
      [small.privateBytes, 122e6],
      [float.cacheBytes, 688e6],
    ] as const) {
      assert.ok(estimated > measured && estimated < 1.2 * measured, `${estimated} against ${measured}`);
    }
    assert.ok(small.forwardMillis < float.forwardMillis / 2);
  });

  it('takes the rate of this machine from matrix products that are computed', async () => {
    const { operationsPerSecond, threads } = await measureMachine({ threads: 1 });
    assert.equal(threads, 1);
    // The slowest board that runs this makes 1 GFLOP/s; no single core makes 2 TFLOP/s.
    assert.ok(operationsPerSecond > 1e9 && operationsPerSecond < 2e12, String(operationsPerSecond));
  });

  it('says why the machine could not be measured', async () => {
    await assert.rejects(measureMachine({ threads: 1, runtimeModule: 'no-such-runtime' }), (error) =>
      isSensebindError(error, 'CONFIG_INVALID'),
    );
    await assert.rejects(measureMachine({ threads: 1, signal: AbortSignal.abort() }), (error) =>
      isSensebindError(error, 'REQUEST_ABORTED'),
    );
  });
});
