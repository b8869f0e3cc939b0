import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RecordController, type RecordSettings } from '../../nodes/record/controller';
import { ReplayController } from '../../nodes/replay/controller';
import type { Host, Message } from '../../nodes/shared/defineNode';
import { readingOf, readingPayload } from '../../nodes/shared/payloads';
import { StatusLine } from '../../nodes/shared/statusLine';
import { systemClock } from '../../runtime/clock';
import { isSensebindError } from '../../runtime/errors';
import type { Reading } from '../../runtime/reading';
import { anyReading, bitsOf } from '../devices/recording/readings';
import { temporaryFolder } from '../support/temporaryFolder';

const IGNORE = (): void => undefined;

function host<Settings>(settings: Settings, userFolder: string, send: (message: Message) => void): Host<Settings> {
  return {
    ...{ id: 'node', name: 'node', settings, credentials: {}, userFolder, clock: systemClock },
    status: new StatusLine(IGNORE, systemClock),
    closing: new AbortController().signal,
    send,
    fail: (error: unknown) => assert.fail(String(error)),
    configuration: () => assert.fail('it needs none'),
  } as unknown as Host<Settings>;
}

/** Records readings and ends the recording. */
async function recorded(settings: RecordSettings, folder: string, readings: readonly Reading[]): Promise<Message> {
  const node = new RecordController(host(settings, folder, IGNORE));
  await node.input({ topic: 'start' }, IGNORE);
  for (const reading of readings) await node.input({ payload: readingPayload(reading) }, IGNORE);
  const answers: Message[] = [];
  const question: Message & { readonly record: boolean; readonly own: string } = { record: false, own: 'kept' };
  await node.input(question, (message) => answers.push(message as Message));
  await node.close();
  assert.equal(answers[0], question, 'the message that asked is the one that goes on');
  return question;
}

describe('recordings of a flow', () => {
  it('are played with the bits that were recorded, in their order', async (context) => {
    const folder = await temporaryFolder(context);
    const readings = fc.sample(anyReading, { numRuns: 60, seed: 7 });
    const message = await recorded({ mode: 'message' }, folder, readings);
    const played: Reading[] = [];
    const take = (sent: Message): void => {
      const reading = Array.isArray(sent) ? undefined : readingOf(sent.payload);
      if (reading !== undefined) played.push(reading);
    };
    const replay = new ReplayController(host({ start: 'message' as const, speed: 1000 }, folder, take));
    await replay.input(message, IGNORE);
    await replay.close();
    assert.deepEqual(played.map(withoutClock), readings.map(withoutClock));
  });

  it('stay within what may be kept: the oldest go', async (context) => {
    const folder = await temporaryFolder(context);
    const sound = fc.sample(anyReading, { numRuns: 1, seed: 1 });
    const settings: RecordSettings = { mode: 'message', maxMegabytes: 1, keepMegabytes: 1, keepDays: 1e-9 };
    await recorded(settings, folder, sound);
    await recorded(settings, folder, sound);
    // Both are older than may be kept by the time that anybody looks.
    const left = await readdir(path.join(folder, 'sensebind-recordings'));
    assert.ok(left.length <= 1, left.join(' '));
  });

  it('are refused where the limits contradict each other, and messages with nothing to record', async (context) => {
    const folder = await temporaryFolder(context);
    assert.throws(
      () => new RecordController(host({ maxMegabytes: 10, keepMegabytes: 5 }, folder, IGNORE)),
      (error) => isSensebindError(error, 'CONFIG_INVALID'),
    );
    const node = new RecordController(host({}, folder, IGNORE));
    await assert.rejects(node.input({ payload: 3 }, IGNORE), (error) => isSensebindError(error, 'INPUT_UNSUPPORTED'));
    await node.close();
    assert.deepEqual(await readdir(folder), []);
  });
});

/** All but what a replay changes: the flag that it is one, and where it is on the monotonic clock. */
function withoutClock(reading: Reading): unknown {
  const {
    monotonicMicros: _at,
    sampleMicros: _times,
    flags: _flags,
    ...rest
  } = bitsOf(reading) as Record<string, unknown>;
  return { ...rest, flags: reading.flags.filter((flag) => flag !== 'replayed') };
}
