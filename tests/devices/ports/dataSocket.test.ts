import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it, type TestContext } from 'node:test';
import { type ProcessHandlers, processStarter } from '../../../devices/ports/process';
import { systemClock } from '../../../runtime/clock';

const start = processStarter(systemClock);

/** 1,988,895 bytes; socat waits until it may write more, as every program must that has such a socket. */
const LONG = 'seq 1 300000 | socat -u - FD:3';

function isSocatMissing(context: TestContext): boolean {
  if (!spawnSync('socat', ['-V']).error) return false;
  context.skip('socat is missing: apt-get install socat');
  return true;
}

/** Starts a shell whose descriptor 3 is the data socket. */
function shell(script: string, handlers: Partial<ProcessHandlers> = {}, ...parameters: readonly string[]) {
  const output: Buffer[] = [];
  const reports: string[] = [];
  const messages: string[] = [];
  const running = start(
    { program: 'sh', arguments: ['-c', script, 'sh', ...parameters], dataOn: 'descriptor3' },
    {
      output: (bytes) => output.push(Buffer.from(bytes)),
      report: (line) => reports.push(line),
      message: (line) => messages.push(line),
      ...handlers,
    },
  );
  return { running, reports, messages, output: () => Buffer.concat(output) };
}

describe('a program with a data socket', () => {
  it('hands over bytes, lines and messages, each by its own way', async () => {
    const { running, output, reports, messages } = shell('printf "a\\0b" >&3; echo line; echo message >&2; exit 3');
    assert.deepEqual(await running.ended, { kind: 'exited', code: 3, signal: null });
    assert.equal(output().toString('latin1'), 'a\0b');
    assert.deepEqual([reports, messages], [['line'], ['message']]);
  });

  it('hands over every byte of a long stream, also what is there when the program has gone', async (context) => {
    if (isSocatMissing(context)) return;
    const { running, output } = shell(LONG);
    await running.ended;
    const expected = Array.from({ length: 300_000 }, (_, index) => `${index + 1}\n`).join('');
    assert.ok(output().equals(Buffer.from(expected)), `${output().length} bytes of ${expected.length}`);
  });

  it('makes the program wait while its reader rests', async (context) => {
    if (isSocatMissing(context)) return;
    let wake: () => void = () => undefined;
    const isAwake = new Promise<void>((resolve) => {
      wake = resolve;
    });
    let taken = 0;
    const { running, messages } = shell(`${LONG}; echo written >&2`, {
      output: (bytes) => {
        taken += bytes.length;
      },
      rest: () => isAwake,
    });
    // A round through the event loop for each read that was under way.
    while (taken === 0) await new Promise((resolve) => setImmediate(resolve));
    const first = taken;
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(taken, first);
    assert.deepEqual(messages, []);
    wake();
    await running.ended;
    assert.equal(taken, 1_988_895);
    assert.deepEqual(messages, ['written']);
  });

  it('ends when it is killed, even while its reader rests for ever', async () => {
    const { running } = shell('printf x >&3; kill -9 $$', { rest: () => new Promise(() => undefined) });
    assert.deepEqual(await running.ended, { kind: 'exited', code: null, signal: 'SIGKILL' });
  });

  it('is not started when it is closed before', async () => {
    const { running, output } = shell('printf x >&3');
    const end = await running.close();
    assert.equal(end.kind, 'notStarted');
    assert.equal(output().length, 0);
  });

  it('may be absent', async () => {
    const handlers = { output: () => undefined, message: () => undefined };
    const running = start({ program: 'no-such-program', arguments: [], dataOn: 'descriptor3' }, handlers);
    assert.deepEqual(await running.ended, { kind: 'absent' });
  });

  it('that cannot be started at all is told, not thrown', async () => {
    const handlers = { output: () => undefined, message: () => undefined };
    const running = start({ program: 'sh', arguments: ['\0'] }, handlers);
    assert.equal((await running.ended).kind, 'notStarted');
  });
});
