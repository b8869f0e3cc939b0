import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { type Flow, NODE_RED_VERSIONS, type RunningNodeRed, SINK, startNodeRed } from '../support/nodeRed';
import { CATCHER, flowNode, statusOf, TAB } from '../support/nodeRedFlow';

function microphone(id: string, wires: readonly string[]): Flow[number] {
  return flowNode(id, 'sensebind-microphone', { wires, source: id, device: { kind: 'simulated-microphone' } });
}

/** A camera, whose windows need no seconds to fill, and encoders of one bundle. */
function listening(round: number, encoders: readonly string[]): Flow {
  return [
    TAB,
    {
      // Not `mini`: Node-RED takes a property that is the id of a node for a reference to it.
      id: 'shipped',
      type: 'sensebind-bundle',
      name: `round ${round}`,
      bundle: 'mini',
      workers: '1',
      threads: `\${THREADS}`,
      deviceCacheGigabytes: '0.5',
      skipMemoryCheck: true,
    },
    flowNode('eye', 'sensebind-camera', { wires: encoders, source: 'eye', device: { kind: 'simulated-camera' } }),
    ...encoders.map((id) => flowNode(id, 'sensebind-encode', { wires: ['sink'], bundle: 'shipped', hop: '200ms' })),
    SINK,
  ];
}

async function count(nodeRed: RunningNodeRed, what: 'task' | 'fd'): Promise<number> {
  return (await readdir(`/proc/${nodeRed.pid}/${what}`)).length;
}

/** Resolves when a node has sent one more message. */
async function oneMore(nodeRed: RunningNodeRed, node: string): Promise<void> {
  const before = nodeRed.sentBy(node).length;
  await nodeRed.sent(node, () => nodeRed.sentBy(node).length > before);
}

for (const version of NODE_RED_VERSIONS) {
  describe(`a bundle in ${version}`, () => {
    let nodeRed: RunningNodeRed;

    before(async () => {
      nodeRed = await startNodeRed(version, { environment: { THREADS: '1' } });
    });

    // That this ends shows that threads which are kept for later let the process go.
    after(() => nodeRed.stop());

    it('is loaded once for all nodes, and no redeploy leaves anything behind', async () => {
      await nodeRed.deploy(listening(0, ['left']));
      await oneMore(nodeRed, 'left');
      const threads = await count(nodeRed, 'task');
      await nodeRed.deploy(listening(1, ['left', 'right']));
      await Promise.all([oneMore(nodeRed, 'left'), oneMore(nodeRed, 'right')]);
      assert.equal(await count(nodeRed, 'task'), threads);
      const files = await count(nodeRed, 'fd');
      for (let round = 2; round < 7; round++) {
        await nodeRed.deploy(listening(round, ['left', 'right']));
        await Promise.all([oneMore(nodeRed, 'left'), oneMore(nodeRed, 'right')]);
      }
      assert.equal(await count(nodeRed, 'task'), threads);
      // A connection of the deploy itself may be open.
      assert.ok((await count(nodeRed, 'fd')) <= files + 2);
    });

    it('says once what its numbers must not be taken for', () => {
      assert.equal(nodeRed.output.split('knows only the simulated world').length - 1, 1);
      assert.equal(nodeRed.output.split('licence of the weights').length - 1, 1);
    });

    it('joins what a world hears and feels', async () => {
      await nodeRed.deploy([
        TAB,
        microphone('ear', ['one']),
        microphone('ear2', ['two']),
        flowNode('one', 'sensebind-encode', { wires: ['fuse'] }),
        flowNode('two', 'sensebind-encode', { wires: ['fuse'] }),
        flowNode('fuse', 'sensebind-fuse', {
          wires: ['sink'],
          source: 'hall',
          sources: [{ source: 'ear', weight: '3' }],
        }),
        SINK,
      ]);
      interface Joint {
        readonly weights: Readonly<Record<string, number>>;
        readonly vector: readonly number[];
      }
      const both = ({ payload }: { readonly payload?: unknown }): boolean =>
        Object.keys((payload as Joint).weights).length === 2;
      const { topic, payload } = await nodeRed.sent('fuse', both);
      const { weights, vector } = payload as Joint;
      assert.equal(topic, 'hall');
      assert.deepEqual(weights, { ear: 0.75, ear2: 0.25 });
      assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-5);
    });

    it('tells a Catch and a Status node where there is none', async () => {
      await nodeRed.deploy([
        TAB,
        { id: 'none', type: 'sensebind-bundle', bundle: '/nowhere' },
        flowNode('blind', 'sensebind-encode', { wires: ['sink'], bundle: 'none' }),
        CATCHER,
        statusOf(['blind']),
        SINK,
      ]);
      const caught = await nodeRed.sent('catcher');
      assert.equal((caught['error'] as { readonly code: string }).code, 'BUNDLE_MISSING');
      const shown = await nodeRed.sent('status', ({ status }) => (status as { fill: string }).fill === 'red');
      assert.partialDeepStrictEqual(shown['status'], { text: 'BUNDLE_MISSING', source: { id: 'blind' } });
    });

    it('hands its own mistakes on to the nodes that use it', async () => {
      await nodeRed.deploy([
        TAB,
        { id: 'wrong', type: 'sensebind-bundle', bundle: 'mini', workers: '900' },
        flowNode('user', 'sensebind-encode', { wires: ['sink'], bundle: 'wrong' }),
        { ...CATCHER, id: 'delegate', scope: ['user'] },
        { ...statusOf(['user']), id: 'shown' },
        SINK,
      ]);
      const from = (message: object): unknown => (message as { error?: { source: { id: string } } }).error?.source.id;
      const caught = await nodeRed.sent('delegate', (message) => from(message) === 'wrong');
      assert.equal((caught['error'] as { readonly code: string }).code, 'CONFIG_INVALID');
      const of = (message: object): unknown => (message as { status?: { source: { id: string } } }).status?.source.id;
      await nodeRed.sent('shown', (message) => of(message) === 'wrong');
    });

    it('shows in its dialog what its manifest says, and nothing of folders that are no bundle', async () => {
      const summary = await nodeRed.get('/sensebind/bundle?path=mini&check=yes');
      assert.partialDeepStrictEqual(summary, { name: 'imagebind_mini', trained: true, dimensions: 128 });
      const { encoders } = summary as { readonly encoders: readonly { modality: string; bytes: number }[] };
      assert.ok(encoders.length === 6 && encoders.every(({ bytes }) => bytes > 100_000));
      for (const path of ['/etc', '/nowhere', '/etc/passwd']) {
        const response = await fetch(`${nodeRed.url}/sensebind/bundle?path=${encodeURIComponent(path)}`);
        assert.equal(response.status, 422);
        assert.deepEqual(await response.json(), { code: 'BUNDLE_MISSING' });
      }
    });
  });
}
