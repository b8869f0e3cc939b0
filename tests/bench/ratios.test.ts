import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Figure, Ratio } from './measure';
import { fileNameOf, merged, processorOf, regressionOf, regressionText, type StoredRatios } from './ratios';
import { bestOf } from './repeat';

const RUN = { processor: 'Some CPU', cores: 2, time: '2026-11-27T00:00:00Z', node: 'v24.0.0', busyShare: 0 } as const;
const STORED: StoredRatios = { ...RUN, ratios: { forward: 0.9, share: 0.02 } };

function figure(name: string, ratio: Ratio | undefined, holds = true): Figure {
  return { name, measured: '', budget: '', holds, details: {}, ...(ratio === undefined ? {} : { ratio }) };
}

const higher = (value: number): Ratio => ({ value, better: 'higher' });
const lower = (value: number): Ratio => ({ value, better: 'lower' });

describe('ratios of the bench', () => {
  it('have fallen behind when they are more than a tenth worse, in the direction that is worse', () => {
    assert.equal(regressionOf(figure('forward', higher(0.82)), STORED), undefined);
    assert.equal(regressionOf(figure('forward', higher(1.5)), STORED), undefined);
    assert.deepEqual(regressionOf(figure('forward', higher(0.8)), STORED), {
      name: 'forward',
      stored: 0.9,
      found: 0.8,
    });
    assert.equal(regressionOf(figure('share', lower(0.001)), STORED), undefined);
    const worse = regressionOf(figure('share', lower(0.03)), STORED);
    assert.ok(worse);
    assert.match(regressionText(worse), /share: 0\.0300, \+50 % against 0\.0200/);
  });

  it('are compared only where some are stored', () => {
    assert.equal(regressionOf(figure('forward', higher(0.1)), undefined), undefined);
    assert.equal(regressionOf(figure('new', higher(0.1)), STORED), undefined);
    assert.equal(regressionOf(figure('forward', undefined), STORED), undefined);
  });

  it('of a run of some parts leave those of the others', () => {
    const later = { ...RUN, time: '2026-11-28T00:00:00Z' };
    assert.deepEqual(merged(STORED, [figure('share', lower(0.0123456)), figure('other', undefined)], later), {
      ...later,
      ratios: { forward: 0.9, share: 0.01235 },
    });
  });

  it('belong to a kind of processor with so many cores', () => {
    const x86 = 'cpu family\t: 26\nmodel\t\t: 2\nmodel name\t: AMD EPYC\n';
    assert.equal(processorOf(x86, 'AMD EPYC'), 'AMD EPYC, cpu family 26, model 2');
    const arm = 'CPU implementer\t: 0x41\nCPU part\t: 0xd42\n';
    assert.equal(processorOf(arm, 'unknown'), 'unknown, CPU implementer 0x41, CPU part 0xd42');
    assert.equal(fileNameOf('AMD EPYC (tm), model 2', 2), 'amd-epyc-tm-model-2-2-cores.json');
  });
});

describe('a figure of the bench', () => {
  const isWorse = (found: Figure): boolean => regressionOf(found, STORED) !== undefined;

  /** Gives the next of these each time that it is measured. */
  function measuring(...runs: readonly (readonly Figure[])[]) {
    let run = 0;
    const measure = async (): Promise<readonly Figure[]> => runs[run++] ?? assert.fail('measured too often');
    return { measure, count: () => run };
  }

  async function best(...runs: readonly (readonly Figure[])[]) {
    const { measure, count } = measuring(...runs);
    let told = 0;
    const figures = await bestOf(measure, { isWorse, onAgain: () => told++ });
    assert.equal(told, count() - 1);
    return { figures, count: count() };
  }

  it('that holds is measured once', async () => {
    assert.equal((await best([figure('a', undefined), figure('forward', higher(0.9))])).count, 1);
  });

  it('that misses its budget is measured up to three times, and told as it held', async () => {
    const miss = figure('a', undefined, false);
    const hold = figure('a', undefined);
    assert.deepEqual(await best([miss], [miss], [hold]), { figures: [hold], count: 3 });
    assert.deepEqual(await best([miss], [miss], [miss]), { figures: [miss], count: 3 });
  });

  it('that has fallen behind is measured up to three times, and told at its best', async () => {
    const [bad, better, good] = [0.5, 0.6, 0.85].map((value) => figure('forward', higher(value)));
    assert.ok(bad && better && good);
    assert.deepEqual(await best([bad], [good]), { figures: [good], count: 2 });
    assert.deepEqual(await best([bad], [better], [bad]), { figures: [better], count: 3 });
  });

  it('keeps its first result while its neighbour is measured again', async () => {
    const [hold, later] = [figure('share', lower(0.02)), figure('share', lower(0.001))];
    const { figures } = await best([hold, figure('b', undefined, false)], [later, figure('b', undefined)]);
    assert.deepEqual(figures, [hold, figure('b', undefined)]);
  });

  it('that is known to miss is not measured again', async () => {
    assert.equal((await best([{ ...figure('a', undefined, false), isKnownMiss: true }])).count, 1);
  });
});
