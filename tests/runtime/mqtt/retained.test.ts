import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { SensebindError } from '../../../runtime/errors';
import { type Holdings, Leftovers } from '../../../runtime/mqtt/retained/leftovers';
import { RetainedFile, type RetainedStore, type RetainedThing } from '../../../runtime/mqtt/retained/retainedFile';
import { temporaryFolder } from '../../support/temporaryFolder';

/** A node with a broker that answers when it is told to. */
function node(holdings: Holdings, known: readonly RetainedThing[] = [], store?: RetainedStore) {
  const cleared = new Map<string, () => void>();
  const leftovers = new Leftovers({
    link: { clear: (topic, onCleared) => void cleared.set(topic, onCleared ?? (() => undefined)) },
    base: 'sensebind',
    node: 'box',
    holdings,
    known,
    store,
    onFailed: (error) => assert.fail(error.message),
  });
  const answer = (): void => {
    for (const onCleared of cleared.values()) onCleared();
    cleared.clear();
  };
  return { leftovers, cleared, answer };
}

const DOG: RetainedThing = { base: 'sensebind', kind: 'label', id: 'dog' };

describe('what a node remembers of what its broker keeps', () => {
  it('is in a file before anything is published, and leaves it when the broker has cleared it', async (context) => {
    const file = path.join(await temporaryFolder(context), 'retained.json');
    const store = new RetainedFile(file);
    assert.deepEqual(await store.load(), []);
    const first = node({ sources: ['mic0'], labels: ['dog', 'bell'] }, [], store);
    await first.leftovers.saved();
    const known = await store.load();
    assert.equal(known.length, 4);

    // A broker that never answers: the next process still knows of it.
    const second = node({ sources: ['mic0'], labels: ['bell'] }, known, store);
    assert.equal(second.cleared.size, 4);
    await second.leftovers.saved();
    assert.equal((await store.load()).length, 4);

    const third = node({ sources: ['mic0'], labels: ['bell'] }, await store.load(), store);
    third.answer();
    await third.leftovers.saved();
    assert.deepEqual(
      (await store.load()).map(({ id }) => id),
      ['box', 'mic0', 'bell'],
    );
    assert.equal(node({ sources: ['mic0'], labels: ['bell'] }, await store.load()).cleared.size, 0);
  });

  it('stays where a label comes back before the broker has answered', () => {
    const { leftovers, cleared, answer } = node({ sources: [], labels: [] }, [DOG]);
    assert.equal(cleared.size, 4);
    leftovers.useLabels(['dog']);
    answer();
    leftovers.useLabels([]);
    assert.equal(cleared.size, 4);
  });

  it('is all cleared where the base topic is another', () => {
    const known = [...(['node', 'source'] as const).map((kind) => ({ base: 'old', kind, id: 'box' })), DOG];
    const { cleared } = node({ sources: ['box'], labels: ['dog'] }, known);
    assert.deepEqual(
      [...cleared.keys()],
      ['status', 'info', 'src/box/status', 'src/box/state'].map((topic) => `old/v1/box/${topic}`),
    );
  });

  it('is set aside where it cannot be read, also where it names topics that are not plain', async (context) => {
    const file = path.join(await temporaryFolder(context), 'retained.json');
    for (const tree of [
      { base: 'a/#', nodes: [], sources: [], labels: [] },
      { base: 'a', nodes: [], sources: [], labels: ['+'] },
    ]) {
      await writeFile(file, JSON.stringify({ format: 'sensebind-retained/1', trees: [tree] }));
      const aside: string[] = [];
      assert.deepEqual(await new RetainedFile(file, (name) => void aside.push(name)).load(), []);
      assert.equal(aside.length, 1);
    }
  });

  it('is bounded, and says so', () => {
    const known = Array.from({ length: 20_000 }, (_, index) => ({ ...DOG, id: `label${index}` }));
    const errors: SensebindError[] = [];
    new Leftovers({
      link: { clear: () => undefined },
      base: 'sensebind',
      node: 'box',
      holdings: { sources: ['mic0'], labels: [] },
      known,
      store: undefined,
      onFailed: (error) => void errors.push(error),
    });
    assert.deepEqual(
      errors.map(({ code }) => code),
      ['QUEUE_FULL'],
    );
  });
});
