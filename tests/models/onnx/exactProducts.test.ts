import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exactProductKeys } from '../../../models/onnx/exactProducts';

// `flags` of /proc/cpuinfo: an i5-4590 (Haswell), an i5-1135G7, an N100 and a Xeon 8488C, what matters of each.
const WITHOUT = 'fpu sse4_1 sse4_2 fma avx avx2 bmi2';
const WITH = [
  'fma avx2 avx512f avx512bw avx512_vnni avx512_bitalg',
  'fma avx2 avx_vnni sha_ni',
  'avx2 avx512f amx_bf16 amx_tile amx_int8',
];

describe('products of int8 weights', () => {
  it('take the slower exact way on x64 processors that would overflow, and where flags are not known', () => {
    assert.deepEqual(
      exactProductKeys('x64', () => WITHOUT),
      { x64quantprecision: '1' },
    );
    assert.deepEqual(
      exactProductKeys('x64', () => ''),
      { x64quantprecision: '1' },
    );
  });

  it('take the fast way where it is exact', () => {
    for (const flags of WITH)
      assert.deepEqual(
        exactProductKeys('x64', () => flags),
        {},
        flags,
      );
    assert.deepEqual(
      exactProductKeys('arm64', () => ''),
      {},
    );
  });
});
