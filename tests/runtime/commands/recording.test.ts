import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { NodeRecordings } from '../../../runtime/cli/nodeRecordings';
import { type Millis, systemClock } from '../../../runtime/clock';
import { type Recordings, recordingVerbs } from '../../../runtime/commands/verbs/recording';
import type { SourceConfig } from '../../../runtime/config/config';
import { FramePool } from '../../../runtime/frames';
import { MutableSource } from '../../../runtime/mutableSource';
import { SupervisedSource } from '../../../runtime/source';
import { SwitchedOff } from '../../../runtime/switchedOff';
import { endlessSound } from '../../support/commandedNode';
import { refused } from '../../support/refused';
import { temporaryFolder } from '../../support/temporaryFolder';

const CONFIG: SourceConfig = {
  id: 'mic0',
  device: { kind: 'wav' },
  enabled: true,
  window: 500 as Millis,
  hop: 200 as Millis,
  channel: 0,
  labels: [],
};

function recordingsIn(folder: string): NodeRecordings {
  return new NodeRecordings({
    folder,
    library: 'test',
    clock: systemClock,
    memory: new FramePool({ frames: 1, bytes: 2 ** 16 }),
    onFailed: (error) => assert.fail(error),
  });
}

/** A microphone that can be switched off, what it says of itself, and `replay/start` with recordings that the test finds. */
async function replaying(context: TestContext, find: (switches: { readonly disabled: SwitchedOff }) => Promise<void>) {
  const folder = await temporaryFolder(context);
  const mutes = await SwitchedOff.open(path.join(folder, 'muted'), systemClock);
  const disabled = await SwitchedOff.open(path.join(folder, 'disabled'), systemClock);
  const open = () => new SupervisedSource('mic0', endlessSound('mic0'), { clock: systemClock });
  const source = new MutableSource('mic0', 'audio', { create: open, mutes, disabled });
  const states: string[] = [];
  const ignore = (): void => undefined;
  const status = ({ state }: { readonly state: string }): void => void states.push(state);
  source.start({ reading: ignore, lost: ignore, interrupted: ignore, ended: ignore, status });
  context.after(() => source.close());
  const guest = open();
  const recordings: Recordings = {
    current: undefined,
    start: () => assert.fail(),
    stop: () => assert.fail(),
    close: () => assert.fail(),
    reading: ignore,
    lost: ignore,
    replay: async () => {
      await find({ disabled });
      return guest;
    },
  };
  const verbs = recordingVerbs(
    () => [{ source, config: CONFIG }],
    recordings,
    () => ({ node: 'box', sources: [CONFIG] }),
  );
  const data = { recording: 'one', source: 'mic0' };
  const outcome = await verbs['replay/start']?.run({ data, ifRevision: undefined, progress: ignore });
  return { outcome, source, guest, states, disabled };
}

describe('replay/start', () => {
  it('is refused, with a cure, where the source is switched off while the recording is looked for', async (context) => {
    const { outcome, source, guest } = await replaying(context, async ({ disabled }) => {
      await disabled.set('mic0', true);
    });
    assert.ok(outcome?.kind === 'failed', outcome?.kind);
    assert.equal(outcome.problem.code, 'switched_off');
    assert.match(outcome.problem.cure, /source\/enable/);
    assert.equal(source.status.state, 'disabled');
    assert.equal(guest.status.reason, 'not started');
  });

  it('ends where the source is switched off while it plays, and the device is there when it is on again', async (context) => {
    const { outcome, source, guest, states, disabled } = await replaying(context, async () => undefined);
    assert.equal(outcome?.kind, 'done');
    await disabled.set('mic0', true);
    await source.settled();
    assert.equal(guest.status.reason, 'closed');
    assert.equal(states.at(-1), 'disabled');
    await disabled.set('mic0', false);
    await source.settled();
    assert.deepEqual([source.status.state, guest.status.reason], ['online', 'closed']);
  });
});

describe('record/start', () => {
  const wanted = { sources: ['mic0'], configuration: {}, maxSeconds: 10, maxBytes: 1e6 };

  it('is given up where the node stops while it looks at what is kept', async (context) => {
    const folder = path.join(await temporaryFolder(context), 'recordings');
    await mkdir(folder);
    for (let count = 0; count < 50; count++) await writeFile(path.join(folder, String(count)), '');
    const recordings = recordingsIn(folder);
    const begun = assert.rejects(recordings.start(wanted), refused('REQUEST_ABORTED'));
    await recordings.close();
    await begun;
    assert.equal(recordings.current, undefined);
    assert.equal((await readdir(folder)).length, 50);
    await assert.rejects(recordings.start(wanted), refused('REQUEST_ABORTED'));
  });

  it('does not go on where its writer was about to begin', async (context) => {
    const folder = path.join(await temporaryFolder(context), 'recordings');
    const recordings = recordingsIn(folder);
    const begun = recordings.start(wanted);
    while ((await readdir(path.dirname(folder))).length === 0) await new Promise((resolve) => setImmediate(resolve));
    await recordings.close();
    // It may have begun by then: in that case it was ended.
    await Promise.allSettled([begun]);
    assert.equal(recordings.current, undefined);
  });
});
