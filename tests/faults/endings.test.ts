import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { compiled } from '../support/paths';
import { ENDINGS, endOnce } from './endings';

describe('an ending', () => {
  it('proves nothing when the process ended before it was at work, though its exit code is the expected one', async () => {
    const scenario = ENDINGS.find(({ activity, ending }) => activity === 'running' && ending === 'throw');
    assert.equal(scenario?.expected, 1);
    await assert.rejects(endOnce(scenario, '/nowhere'), /ended before; it ended with 1 .*BUNDLE_MISSING/s);
  });
});

describe('npm run faults', () => {
  async function faults(...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
    const child = spawn(process.execPath, [compiled('tests/faults/main'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [[code], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
    return { code, stdout, stderr };
  }

  for (const times of ['0', 'NaN', '2.5', '10001']) {
    it(`refuses --times "${times}" instead of passing without a run`, async () => {
      const { code, stderr } = await faults(`--times=${times}`);
      assert.equal(code, 2);
      assert.match(stderr, /whole number from 1 to 10000/);
    });
  }

  it('refuses --only with a row that it has no program for, instead of passing without a run', async () => {
    const { code, stderr } = await faults('--only=F5,F99');
    assert.equal(code, 2);
    assert.match(stderr, /found "F99"/);
  });

  it('refuses what it does not know, and explains itself', async () => {
    assert.equal((await faults('--time', '3')).code, 2);
    const { code, stdout } = await faults('--help');
    assert.equal(code, 0);
    assert.match(stdout, /--times N/);
  });
});
