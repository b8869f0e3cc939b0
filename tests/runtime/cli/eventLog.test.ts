import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { eventLog } from '../../../runtime/cli/eventLog';
import { type ErrorCode, SensebindError } from '../../../runtime/errors';
import { ManualClock } from '../../support/manualClock';

/** A log, and the lines that it has written since it was last asked. */
function logged(context: TestContext, json: boolean) {
  const clock = new ManualClock();
  const lines: string[] = [];
  const write = (text: string | Uint8Array): boolean => {
    lines.push(String(text).trimEnd());
    return true;
  };
  context.mock.method(process.stderr, 'write', write);
  const log = eventLog({ json, clock });
  const fail = (source: string, code: ErrorCode): void =>
    log({ kind: 'failed', source, error: new SensebindError(code, 'expected this, found that', 'do that') });
  return { clock, fail, said: () => lines.splice(0) };
}

describe('the log of a node whose encoder is slower than its windows', () => {
  it('has the first lost window at once, then one line a minute with how many more there were', async (context) => {
    const { clock, fail, said } = logged(context, false);
    for (let window = 0; window < 180; window++) {
      fail('mic0', 'REQUEST_SUPERSEDED');
      await clock.advance(1000);
    }
    const lines = said();
    assert.equal(lines.length, 4);
    assert.match(lines[0] ?? '', /^mic0: expected this.*→ do that$/);
    for (const line of lines.slice(1)) assert.match(line, /^mic0: (59|60) more in the last minute of: expected this/);
    await clock.advance(120_000);
    assert.ok(said().length <= 1);
    fail('mic0', 'REQUEST_SUPERSEDED');
    assert.match(said().join(), /→ do that$/);
  });

  it('tells sources, reasons and other errors apart', async (context) => {
    const { clock, fail, said } = logged(context, true);
    for (const source of ['mic0', 'mic1'])
      for (const code of ['REQUEST_LATE', 'QUEUE_FULL'] as const) fail(source, code);
    assert.equal(said().length, 4);
    fail('mic1', 'QUEUE_FULL');
    fail('mic1', 'QUEUE_FULL');
    assert.deepEqual(said(), []);
    for (let times = 0; times < 3; times++) fail('mic0', 'DEVICE_FAILED');
    assert.equal(said().length, 3);
    await clock.advance(60_000);
    const [line, ...others] = said().map((text) => JSON.parse(text));
    assert.deepEqual(
      [others, line.kind, line.source, line.more, line.error.code],
      [[], 'failed', 'mic1', 2, 'QUEUE_FULL'],
    );
  });
});
