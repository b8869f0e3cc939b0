import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SensebindError } from '../../../runtime/errors';
import { LabelBook } from '../../../runtime/zeroshot/labelBook';
import type { LabelStore, SavedSet } from '../../../runtime/zeroshot/labelFile';
import type { LabelSet } from '../../../runtime/zeroshot/labelSet';
import { LabelSets } from '../../../runtime/zeroshot/labelSets';
import { refused } from '../../support/refused';
import { embeddingOf } from '../../support/vectors';

const pets = (...ids: string[]): LabelSet => ({
  id: 'pets',
  revision: 1,
  labels: ids.map((id) => ({ id })),
  background: ['silence'],
});

/** A disk that may be full, and what is on it. */
function disk(): LabelStore & { sets: readonly SavedSet[]; isFull: boolean; aside: number } {
  return {
    sets: [],
    isFull: false,
    aside: 0,
    async load() {
      return this.sets;
    },
    async save(sets) {
      if (this.isFull) throw new SensebindError('FILE_UNWRITABLE', 'expected room, found none', 'make some');
      this.sets = structuredClone([...sets]);
    },
    async setAside() {
      this.aside++;
    },
  };
}

/** A book over an encoder of text that knows no "zzz", and may be closed. */
async function open(
  store: LabelStore,
  configured: readonly LabelSet[] = [pets('dog', 'cat')],
  { isClosed = false }: { readonly isClosed?: boolean } = {},
) {
  const failures: SensebindError[] = [];
  const labelSets = new LabelSets({
    embedText: async (text) => {
      if (isClosed) throw new SensebindError('ENGINE_CLOSED', 'expected an engine, found it closed', 'open it');
      if (text.includes('zzz')) throw new SensebindError('WORD_UNKNOWN', 'expected words, found "zzz"', 'use "buzz"');
      return embeddingOf([text.length, 1, 0]);
    },
  });
  const book = await LabelBook.open({ labelSets, configured, store, onFailed: (error) => void failures.push(error) });
  return { book, failures, inUse: () => book.get('pets')?.labelSet };
}

const withLabels =
  (...ids: string[]) =>
  (set: LabelSet): LabelSet => ({ ...set, labels: ids.map((id) => ({ id })) });

describe('the label sets of a node, as they are changed', () => {
  it('are not changed where the change cannot be kept', async () => {
    const store = disk();
    const { book, inUse } = await open(store);
    store.isFull = true;
    await assert.rejects(book.change('pets', withLabels('cow')), refused('FILE_UNWRITABLE'));
    assert.deepEqual(inUse(), pets('dog', 'cat'));
    store.isFull = false;
    await book.change('pets', withLabels('cow'));
    assert.equal(inUse()?.revision, 3);
  });

  it('stay as they are where a word is unknown, and nothing is kept of it', async () => {
    const store = disk();
    const { book, inUse } = await open(store);
    await assert.rejects(book.change('pets', withLabels('zzz')), refused('WORD_UNKNOWN'));
    assert.deepEqual([inUse()?.revision, store.sets], [1, []]);
  });

  it('change one after the other: of two who believe one revision in use, the second is refused', async () => {
    const { book, inUse } = await open(disk());
    const [first, second] = await Promise.all([
      book.change('pets', withLabels('cow'), { ifRevision: 1 }),
      book.change('pets', withLabels('hen'), { ifRevision: 1 }),
    ]);
    assert.deepEqual([first.kind, second.kind], ['changed', 'conflict']);
    assert.deepEqual(inUse()?.labels, [{ id: 'cow' }]);
    assert.equal((await book.change('plants', withLabels('oak'))).kind, 'unknown');
  });

  it('are those of the configuration where what was kept fits the bundle no more; the others stay changed', async () => {
    const store = disk();
    const tools = { ...pets('saw', 'drill'), id: 'tools' };
    const { book } = await open(store, [pets('dog', 'cat'), tools]);
    await book.change('pets', withLabels('cow'));
    await book.change('tools', withLabels('axe'));
    const [kept, ...others] = store.sets;
    assert.ok(kept);
    store.sets = [{ ...kept, revisions: [{ ...pets('zzz'), revision: 2 }] }, ...others];
    const again = await open(store, [pets('dog', 'cat'), tools]);
    assert.deepEqual(again.inUse(), pets('dog', 'cat'));
    assert.deepEqual(again.book.get('tools')?.labelSet.labels, [{ id: 'axe' }]);
    assert.deepEqual([again.failures.map(({ code }) => code), store.aside], [['STATE_INVALID'], 1]);
    const third = await open(store, [pets('dog', 'cat'), tools]);
    assert.deepEqual([third.failures, third.book.get('tools')?.labelSet.revision], [[], 2]);
  });

  it('win over what was kept when somebody edits them, and not when only keys change their order', async () => {
    const store = disk();
    const { book } = await open(store);
    await book.change('pets', withLabels('cow'));
    const { id, revision, labels, background = [] } = pets('dog', 'cat');
    assert.equal((await open(store, [{ background, labels, revision, id }])).inUse()?.revision, 2);
    const edited = await open(store, [pets('dog', 'parrot')]);
    assert.deepEqual(edited.inUse(), { ...pets('dog', 'parrot'), revision: 3 });
    const back = await edited.book.rollBack('pets');
    assert.ok(back.kind === 'changed');
    assert.deepEqual(back.revision.labelSet.labels, [{ id: 'cow' }]);
  });

  it('are kept as they are where a node is told to end before they are embedded', async () => {
    const store = disk();
    const { book } = await open(store);
    await book.change('pets', withLabels('cow'));
    await assert.rejects(open(store, undefined, { isClosed: true }), refused('ENGINE_CLOSED'));
    assert.equal(store.aside, 0);
    assert.deepEqual((await open(store)).inUse()?.labels, [{ id: 'cow' }]);
  });

  it('outlast a configuration that does not have them for a while', async () => {
    const store = disk();
    const tools: LabelSet = { ...pets('axe', 'saw'), id: 'tools' };
    const { book, inUse } = await open(store, [pets('dog', 'cat'), tools]);
    await book.change('pets', withLabels('cow'));
    const gone = { configured: [tools], put: [], removed: ['pets'] };
    await book.replace(gone, () => undefined);
    assert.equal(inUse(), undefined);
    const later = await open(store, [tools]);
    await later.book.change('tools', withLabels('hammer'));
    assert.deepEqual((await open(store, [tools, pets('dog', 'cat')])).inUse()?.labels, [{ id: 'cow' }]);

    for (const { put, expected } of [
      { put: pets('dog', 'cat'), expected: { labels: [{ id: 'cow' }], revision: 3 } },
      { put: pets('dog', 'parrot'), expected: { labels: [{ id: 'dog' }, { id: 'parrot' }], revision: 4 } },
    ]) {
      await book.replace({ configured: [tools, put], put: [put], removed: [] }, () => undefined);
      assert.deepEqual([inUse()?.labels, inUse()?.revision], [expected.labels, expected.revision]);
      await book.replace(gone, () => undefined);
    }
  });
});
