import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { recallsOf } from '../../../../runtime/learn/train/report';
import { temporaryFolder } from '../../../support/temporaryFolder';

const line = (step: number, recallAt1: number): string =>
  JSON.stringify({ at: '2026-01-01T00:00:00.000Z', step, loss: 1, recallAt1 });

describe('the log of a training', () => {
  it('is read by step, the last word of each', async (context) => {
    const log = path.join(await temporaryFolder(context), 'log.jsonl');
    await writeFile(log, `${[line(1, 0.1), line(2, 0.2), line(1, 0.15)].join('\n')}\n`);
    assert.deepEqual(
      (await recallsOf(log)).map(({ step, recallAt1 }) => [step, recallAt1]),
      [
        [1, 0.15],
        [2, 0.2],
      ],
    );
  });

  it('is read wherever a line of it was cut off, with what was written after that or without', async (context) => {
    const log = path.join(await temporaryFolder(context), 'log.jsonl');
    const whole = `${line(1, 0.1)}\n`;
    const next = `${line(2, 0.2)}\n`;
    for (let cut = 0; cut < next.length - 2; cut++) {
      for (const after of ['', next]) {
        await writeFile(log, whole + next.slice(0, cut) + after + whole);
        assert.ok((await recallsOf(log)).some(({ step }) => step === 1));
      }
    }
  });
});
