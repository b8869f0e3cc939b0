import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { NODE_RED_VERSIONS, type RunningNodeRed, SINK, startNodeRed } from '../support/nodeRed';

for (const version of NODE_RED_VERSIONS) {
  describe(`a microphone and its encoder in ${version}`, () => {
    let nodeRed: RunningNodeRed;

    before(async () => {
      nodeRed = await startNodeRed(version);
    });

    after(() => nodeRed.stop());

    it('makes embeddings of sound', async () => {
      await nodeRed.deploy([
        { id: 'tab', type: 'tab', label: 'flow' },
        {
          id: 'mic',
          type: 'sensebind-microphone',
          z: 'tab',
          ...{ x: 100, y: 100 },
          source: 'mic0',
          device: { kind: 'simulated-microphone' },
          wires: [['encode']],
        },
        { id: 'encode', type: 'sensebind-encode', z: 'tab', x: 300, y: 100, wires: [['sink']] },
        SINK,
      ]);
      const { topic, payload } = await nodeRed.sent('encode');
      assert.equal(topic, 'mic0');
      const { vector, modality } = payload as { readonly vector: readonly number[]; readonly modality: string };
      assert.equal(modality, 'audio');
      assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-5);
    });
  });
}
