import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SensebindError } from '../../../runtime/errors';
import type { LabelSet } from '../../../runtime/zeroshot/labelSet';
import { LabelSets } from '../../../runtime/zeroshot/labelSets';
import { refused } from '../../support/refused';
import { embeddingOf } from '../../support/vectors';

/** Label sets over an encoder of text that counts what it is asked, and knows no "zzz". */
function shelf(keep?: number) {
  const asked: string[] = [];
  const sets = new LabelSets({
    embedText: async (text) => {
      asked.push(text);
      if (text.includes('zzz')) throw new SensebindError('WORD_UNKNOWN', 'expected words, found "zzz"', 'use "buzz"');
      return embeddingOf([text.length, 1, 0]);
    },
    ...(keep === undefined ? {} : { keep }),
  });
  return { sets, asked };
}

const pets = (revision: number, ...ids: string[]): LabelSet => ({
  id: 'pets',
  revision,
  labels: ids.map((id) => ({ id })),
  background: ['silence'],
});

describe('label sets in use', () => {
  it('are swapped at once when all words of the new one are embedded', async () => {
    const { sets } = shelf();
    await sets.put(pets(1, 'dog'));
    const change = sets.put(pets(2, 'dog', 'cat'));
    assert.equal(sets.get('pets')?.compiled.name, 'pets@1');
    await change;
    assert.deepEqual(
      sets.current().map(({ compiled }) => [compiled.name, compiled.labels.length]),
      [['pets@2', 2]],
    );
    assert.equal(sets.get('others'), undefined);
  });

  it('embed only the words that are new', async () => {
    const { sets, asked } = shelf();
    await sets.put(pets(1, 'dog', 'cat'));
    await sets.put(pets(2, 'dog', 'parrot'));
    assert.deepEqual(asked, ['dog', 'cat', 'silence', 'parrot']);
  });

  it('stay as they are where a word is unknown', async () => {
    const { sets } = shelf();
    await sets.put(pets(1, 'dog'));
    await assert.rejects(sets.put(pets(2, 'dog', 'zzz')), refused('WORD_UNKNOWN', /zzz/));
    assert.equal(sets.get('pets')?.compiled.name, 'pets@1');
    await sets.put(pets(2, 'dog', 'cat'));
    assert.equal(sets.get('pets')?.compiled.name, 'pets@2');
  });

  it('go back as far as revisions are kept, and never use a revision for two contents', async () => {
    const { sets } = shelf(3);
    for (const revision of [1, 2, 3, 4]) await sets.put(pets(revision, 'dog'));
    assert.equal((await sets.rollBack('pets')).compiled.name, 'pets@3');
    assert.equal((await sets.rollBack('pets')).compiled.name, 'pets@2');
    await assert.rejects(sets.rollBack('pets'), refused('STATE_INVALID', /found only pets@2/));
    await assert.rejects(sets.put(pets(4, 'cat')), refused('CONFIG_INVALID', /above 4, found 4/));
    await sets.put(pets(5, 'cat'));
    assert.equal((await sets.rollBack('pets')).compiled.name, 'pets@2');
    await assert.rejects(sets.rollBack('others'), refused('STATE_INVALID', /no such label set/));
  });

  it('change one after the other, in the order that was asked for', async () => {
    const { sets } = shelf();
    const changes = [
      sets.put(pets(1, 'dog')),
      sets.put(pets(2, 'cat')),
      sets.rollBack('pets'),
      sets.put(pets(3, 'cow')),
    ];
    await Promise.all(changes);
    assert.equal(sets.get('pets')?.compiled.name, 'pets@3');
    assert.equal((await sets.rollBack('pets')).compiled.name, 'pets@1');
  });
});
