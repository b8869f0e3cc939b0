import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../../runtime/clock';
import { SwitchedOff } from '../../runtime/switchedOff';
import { monoWav } from '../devices/audio/wavBytes';
import { isGStreamerMissing } from '../support/gstreamer';
import {
  type Flow,
  NODE_RED_VERSIONS,
  type RunningNodeRed,
  type SentMessage,
  SINK,
  startNodeRed,
} from '../support/nodeRed';

const TAB = { id: 'tab', type: 'tab', label: 'flow' };
const WORLD = `version: 1
room: kitchen
length: 3600
events:
  - { at: 0.5, event: glass_break, for: 8 }
`;

/** A node of a flow on the tab `tab`. */
function node(id: string, type: string, rest: Readonly<Record<string, unknown>>): Flow[number] {
  return { id, type, z: 'tab', x: 100, y: 100, wires: [], ...rest };
}

function functionNode(id: string, code: string, to: readonly string[]): Flow[number] {
  return node(id, 'function', { func: code, outputs: 1, wires: [to] });
}

for (const version of NODE_RED_VERSIONS) {
  describe(`source nodes in ${version}`, () => {
    let nodeRed: RunningNodeRed;
    let userFolder: string;

    before(async () => {
      userFolder = await mkdtemp(path.join(tmpdir(), 'sensebind-sources-'));
      const mutes = await SwitchedOff.open(mutesFolder(), systemClock);
      await mutes.set('muted-before', true);
      await writeFile(
        path.join(userFolder, 'tone.wav'),
        monoWav(Array.from({ length: 16_000 }, (_, n) => (n * 7) % 9000)),
      );
      await writeFile(path.join(userFolder, 'world.yaml'), WORLD);
      nodeRed = await startNodeRed(version, {
        userFolder,
        environment: {
          TEST_TOKENS: JSON.stringify({ reader: 'sensebind.read', writer: 'sensebind.write', other: 'flows.read' }),
          TONE: '523',
        },
      });
    });

    after(async () => {
      await nodeRed.stop();
      await rm(userFolder, { recursive: true, force: true });
    });

    function mutesFolder(): string {
      return path.join(userFolder, 'state', 'sensebind', 'node-red', 'muted');
    }

    function ask(address: string, token: string, method = 'GET'): Promise<Response> {
      return fetch(`${nodeRed.url}${address}`, { method, headers: { Authorization: `Bearer ${token}` } });
    }

    function statusIs(text: string): Promise<SentMessage['message']> {
      return nodeRed.sent('status', ({ status }) => (status as { readonly text?: string }).text === text);
    }

    it('sends what each kind of sensor reads, and the world with what really happens', async () => {
      const single = (['camera', 'depth', 'thermal', 'imu'] as const).map((name) =>
        node(name, `sensebind-${name}`, {
          device: { kind: `simulated-${name}` },
          source: `my-${name}`,
          wires: [['sink']],
        }),
      );
      const microphone = node('mic', 'sensebind-microphone', {
        source: 'from-file',
        device: { kind: 'wav', file: 'tone.wav', loop: true },
        wires: [['sink']],
      });
      const world = node('world', 'sensebind-world', {
        scenario: 'world.yaml',
        ...{ camera: true, depth: false, thermal: true, microphone: true, imu: true },
        wires: Array.from({ length: 6 }, () => ['sink']),
      });
      await nodeRed.deploy([TAB, ...single, microphone, world, SINK]);
      for (const [name, modality] of Object.entries({
        camera: 'vision',
        depth: 'depth',
        thermal: 'thermal',
        imu: 'imu',
      })) {
        const { topic, payload, sensebind } = await nodeRed.sent(name);
        assert.equal(topic, `my-${name}`);
        assert.deepEqual(
          [(payload as { kind: string }).kind, (sensebind as { modality: string }).modality],
          ['reading', modality],
        );
      }
      assert.equal((await nodeRed.sent('mic')).topic, 'from-file');
      for (const name of ['camera', 'thermal', 'microphone', 'imu']) {
        await nodeRed.sent('world', ({ topic }) => topic === `world-${name}`);
      }
      const truth = await nodeRed.sent('world', ({ payload }) => (payload as { kind: string }).kind === 'truth');
      const { event, phase } = truth.payload as { readonly event: string; readonly phase: string };
      assert.deepEqual([event, phase], ['glass_break', 'started']);
      assert.equal(
        nodeRed.sentBy('world').some(({ message }) => message.topic === 'world-depth'),
        false,
      );
    });

    it('hands one and the same reading to every branch, and through nodes that pass it on', async () => {
      const compare = `
        const seen = global.get('seen') ?? {};
        const payload = msg.payload ?? msg.moved;
        const key = payload.timeMicros;
        (seen[key] ??= []).push(payload);
        global.set('seen', seen);
        if (seen[key].length < 4) return null;
        const same = seen[key].every((one) => one === seen[key][0] && one.rgb.buffer === seen[key][0].rgb.buffer);
        return { payload: { same, isShared: seen[key][0].rgb.buffer instanceof SharedArrayBuffer || String(seen[key][0].rgb.buffer) === '[object SharedArrayBuffer]' } };`;
      const move = { t: 'move', p: 'payload', pt: 'msg', to: 'moved', tot: 'msg' };
      await nodeRed.deploy([
        TAB,
        node('eye', 'sensebind-camera', {
          device: { kind: 'simulated-camera' },
          wires: [['one', 'two', 'three', 'move']],
        }),
        functionNode('one', compare, ['sink']),
        functionNode('two', compare, ['sink']),
        functionNode('three', 'return msg;', ['four']),
        functionNode('four', compare, ['sink']),
        node('move', 'change', { rules: [move], wires: [['five']] }),
        functionNode('five', compare, ['sink']),
        SINK,
      ]);
      const verdict = await Promise.race(['one', 'two', 'four', 'five'].map((id) => nodeRed.sent(id)));
      assert.deepEqual(verdict.payload, { same: true, isShared: true });
    });

    it('lists kinds of devices for whoever may read, and mutes for whoever may write', async () => {
      const { status } = await ask('/sensebind/devices/audio', 'other');
      assert.equal(status, 401);
      const answer = await ask('/sensebind/devices/audio', 'reader');
      assert.equal(answer.status, 200);
      const kinds = (await answer.json()) as readonly { readonly kind: string; readonly isSimulated: boolean }[];
      assert.equal(kinds.at(-1)?.kind, 'simulated-microphone');
      assert.equal(
        kinds.some(({ kind }) => kind.startsWith('replay-') || kind.startsWith('mqtt-')),
        false,
      );
      assert.equal((await ask('/sensebind/devices/smell', 'reader')).status, 404);
      const every = (await (await ask('/sensebind/devices', 'reader')).json()) as Readonly<Record<string, unknown>>;
      assert.ok(Object.keys(every).includes('thermal'));

      await nodeRed.deploy([
        TAB,
        node('mutable', 'sensebind-imu', { device: { kind: 'simulated-imu' }, source: 'shy', wires: [['sink']] }),
        node('quiet', 'sensebind-imu', {
          device: { kind: 'simulated-imu' },
          source: 'muted-before',
          wires: [['sink']],
        }),
        node('status', 'status', { scope: null, wires: [['sink']] }),
        SINK,
      ]);
      await nodeRed.sent('mutable');
      assert.equal((await ask('/sensebind/sources/mutable/mute', 'reader', 'POST')).status, 401);
      assert.equal((await ask('/sensebind/sources/nobody/mute', 'writer', 'POST')).status, 404);
      assert.equal((await ask('/sensebind/sources/mutable/mute', 'writer', 'POST')).status, 200);
      await nodeRed.sent('status', (message) => {
        const { text, source } = message['status'] as {
          readonly text: string;
          readonly source: { readonly id: string };
        };
        return source.id === 'mutable' && text === 'muted';
      });
      assert.ok((await SwitchedOff.open(mutesFolder(), systemClock)).isOff('shy'));
      const before = nodeRed.sentBy('mutable').length;
      assert.equal((await ask('/sensebind/sources/mutable/unmute', 'writer', 'POST')).status, 200);
      await nodeRed.sent('mutable', ({ payload }) => {
        const { time } = payload as { readonly time: string };
        return nodeRed.sentBy('mutable').length > before && time !== '';
      });
      // What was muted before Node-RED was started has never said anything.
      await statusIs('muted');
      assert.deepEqual(nodeRed.sentBy('quiet'), []);
    });

    it('keeps a device open over a deploy, and closes it when it is another or gone', async (context) => {
      if (isGStreamerMissing(context)) return;
      const flow = (device: object): Flow => [
        TAB,
        node('tone', 'sensebind-microphone', { device: { kind: 'test-microphone', ...device }, wires: [['sink']] }),
        SINK,
      ];
      const heard = (count: number): Promise<unknown> =>
        nodeRed.sent('tone', () => nodeRed.sentBy('tone').length >= count);
      // biome-ignore lint/suspicious/noTemplateCurlyInString: how Node-RED names environment variables
      await nodeRed.deploy(flow({ frequencyHz: '${TONE}' }));
      await heard(1);
      const first = programsOf(nodeRed.pid);
      assert.equal(first.length, 1);
      assert.match(first[0]?.command ?? '', /freq=523/);
      // biome-ignore lint/suspicious/noTemplateCurlyInString: how Node-RED names environment variables
      await nodeRed.deploy(flow({ frequencyHz: '${TONE}' }));
      await heard(nodeRed.sentBy('tone').length + 1);
      assert.deepEqual(programsOf(nodeRed.pid), first);
      await nodeRed.deploy(flow({ frequencyHz: 880 }));
      await heard(nodeRed.sentBy('tone').length + 1);
      const second = programsOf(nodeRed.pid);
      assert.equal(second.length, 1);
      assert.match(second[0]?.command ?? '', /freq=880/);
      await nodeRed.deploy([TAB, SINK]);
      assert.deepEqual(programsOf(nodeRed.pid), []);
    });

    it('tells Catch nodes once what is wrong, with a code that stays', async () => {
      await nodeRed.deploy([
        TAB,
        node('wrong', 'sensebind-microphone', { device: { kind: 'simulated-camera' }, wires: [['sink']] }),
        node('absent', 'sensebind-microphone', {
          device: { kind: 'arecord', device: 'plughw:CARD=NotThere' },
          wires: [['sink']],
        }),
        node('catch', 'catch', { scope: null, wires: [['sink']] }),
        SINK,
      ]);
      const errorOf = async (id: string): Promise<{ readonly code: string; readonly message: string }> => {
        const { error } = await nodeRed.sent('catch', ({ error }) => {
          const { source } = error as { readonly source: { readonly id: string } };
          return source.id === id;
        });
        return error as { readonly code: string; readonly message: string };
      };
      const { code, message } = await errorOf('wrong');
      assert.equal(code, 'CONFIG_INVALID');
      assert.match(message, /arecord/);
      assert.doesNotMatch(message, /v4l2-camera|replay-audio|mqtt-audio/);
      assert.match((await errorOf('absent')).code, /^DEVICE_(ABSENT|FAILED)$/);
    });

    it('records what a message asks for, and replays it', async () => {
      const inject = (id: string, topic: string): Flow[number] =>
        node(id, 'inject', { topic, props: [{ p: 'topic', vt: 'str' }], wires: [['record']] });
      await nodeRed.deploy([
        TAB,
        node('shaking', 'sensebind-imu', { source: 'shaking', device: { kind: 'simulated-imu' }, wires: [['record']] }),
        inject('begin', 'start'),
        inject('end', 'stop'),
        node('record', 'sensebind-record', { mode: 'message', folder: 'kept', wires: [['replay', 'sink']] }),
        node('replay', 'sensebind-replay', { start: 'message', speed: 100, wires: [['sink'], ['sink']] }),
        node('status', 'status', { scope: ['record'], wires: [['sink']] }),
        SINK,
      ]);
      await nodeRed.sent('shaking');
      await nodeRed.inject('begin');
      // About a second is flushed at a time.
      await nodeRed.sent('status', ({ status }) => /^0:0[2-9],/.test((status as { readonly text: string }).text));
      await nodeRed.inject('end');
      const { payload, filename } = await nodeRed.sent('record');
      const { messages, dropped } = payload as { readonly messages: number; readonly dropped: number };
      assert.ok(messages > 0);
      assert.equal(dropped, 0);
      assert.ok(String(filename).startsWith(path.join(userFolder, 'kept')));
      assert.match(String(filename), /\.mcap$/);
      const isEnd = ({ payload }: SentMessage['message']): boolean => (payload as { kind: string }).kind === 'replay';
      const end = await nodeRed.sent('replay', isEnd);
      const { state, readings } = end.payload as { readonly state: string; readonly readings: number };
      assert.deepEqual([state, readings], ['ended', messages]);
      const lived = new Set(nodeRed.sentBy('shaking').map(({ message }) => timeOf(message)));
      const replayed = nodeRed.sentBy('replay').filter(({ message }) => !isEnd(message));
      assert.equal(replayed.length, messages);
      for (const { message } of replayed) {
        assert.equal(message.topic, 'shaking');
        assert.ok(lived.has(timeOf(message)));
      }
    });
  });
}

function timeOf({ payload }: SentMessage['message']): string {
  return (payload as { readonly time: string }).time;
}

/** Programs that a process started and that still run. */
function programsOf(pid: number): readonly { readonly pid: string; readonly command: string }[] {
  const table = execFileSync('ps', ['-o', 'pid=,ppid=,args=', '-e', '-ww'], { encoding: 'utf8' });
  return table.split('\n').flatMap((line) => {
    const [, child, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return child !== undefined && Number(parent) === pid && command !== undefined && !command.includes('<defunct>')
      ? [{ pid: child, command }]
      : [];
  });
}
