import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fuzz } from './fuzz';
import { TARGETS } from './targets';

const CASES = 3_000;

describe('readers of bytes from outside', () => {
  for (const target of TARGETS) {
    it(`${target.name}: ${CASES} damaged examples give a value or a typed error`, async () => {
      const report = await fuzz(target, { seed: 1, goOn: (cases) => cases < CASES });
      assert.deepEqual(report, { cases: CASES });
    });
  }

  it('are really fuzzed: a reader with a fault is caught', async () => {
    const faulty = {
      name: 'faulty',
      seeds: () => [Buffer.from('sound')],
      run: (bytes: Uint8Array) => assert.notEqual(bytes.length, 3),
    };
    const { failure } = await fuzz(faulty, { seed: 1, goOn: (cases) => cases < CASES });
    assert.equal(failure?.input.length, 3);
  });
});
