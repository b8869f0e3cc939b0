import assert from 'node:assert/strict';
import { it } from 'node:test';
import { bestInterleaved, isSettled } from './measure';

it('rounds are settled when the three best agree, whatever the others took', () => {
  assert.ok(isSettled([900, 101, 100, 400, 102.9]));
  assert.ok(!isSettled([900, 101, 100, 400, 103.1]));
});

it('works take turns until they are settled or the time is over', async () => {
  const turns: string[] = [];
  const works = { a: () => void turns.push('a'), b: () => void turns.push('b') };
  const { rounds } = await bestInterleaved(works, { seconds: 0 });
  assert.equal(rounds, 5);
  assert.equal(turns.join(''), 'ab'.repeat(rounds + 1));
});
