import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CaptureProgram, runProgram } from '../../devices/program';
import type { Millis } from '../../runtime/clock';
import { SensebindError } from '../../runtime/errors';
import { ManualClock } from '../support/manualClock';
import { refused } from '../support/refused';
import { collectingSink } from '../support/sinks';
import { testProcess } from '../support/testProcess';

/** A program whose output is read as the test says. */
function running(reader: CaptureProgram['reader']) {
  const clock = new ManualClock();
  const process = testProcess();
  const program: CaptureProgram = {
    name: 'camera0',
    command: { program: 'capture', arguments: [] },
    debianPackage: 'capture',
    problems: [],
    cure: 'try it by hand',
    limits: { silentAfter: 2000 as Millis },
    reader,
  };
  const sink = collectingSink();
  const run = runProgram(program, { clock, startProcess: process.start, sink, signal: new AbortController().signal });
  run.catch(() => undefined);
  return { run, process, clock };
}

describe('a capture program', () => {
  it('is ended when its output cannot be dealt with, and nothing of it escapes', async () => {
    let calls = 0;
    const { run, process, clock } = running(() => ({
      output: () => {
        calls++;
        throw new RangeError('a mistake in a decoder');
      },
      message: () => false,
    }));
    process.output(Uint8Array.of(1));
    process.output(Uint8Array.of(2));
    await assert.rejects(run, /a mistake in a decoder/);
    assert.ok(process.isClosed());
    assert.equal(calls, 1);
    assert.equal(clock.waiting, 0);
  });

  it('is ended when its reader says that the output makes no sense', async () => {
    const { run, process } = running((_sink, fail) => ({
      output: () => fail(new SensebindError('CONFIG_INVALID', 'expected sense, found none', 'look again')),
      message: () => false,
    }));
    process.output(Uint8Array.of(1));
    await assert.rejects(run, refused('CONFIG_INVALID', /found none/));
    assert.ok(process.isClosed());
  });
});
