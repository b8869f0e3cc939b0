import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { AlertController } from '../../nodes/alert/controller';
import { AlertSettings } from '../../nodes/alert/settings';
import { collectedMemory } from '../../nodes/shared/collectedMemory';
import type { Host, Message } from '../../nodes/shared/defineNode';
import { type EventPayload, ORIGIN, readingPayload } from '../../nodes/shared/payloads';
import { scoresPayload } from '../../nodes/shared/scoresPayload';
import { readSettings } from '../../nodes/shared/settings';
import { StatusLine } from '../../nodes/shared/statusLine';
import type { ThermalReading } from '../../runtime/reading';
import { at, EPOCH, scores } from '../support/detecting';
import { ManualClock } from '../support/manualClock';

/** As the editor stores it: numbers are text. */
const OVERHEATING = {
  name: 'overheating cabinet',
  conditions: [{ kind: 'maximum_celsius', direction: 'above', on: '60', off: '55', of: '' }],
  minimumOffSeconds: '0',
};

function thermal(celsius: number, second: number, source = 'heat0'): ThermalReading {
  const values = new Float32Array(64).fill(293.15);
  values.fill(celsius + 273.15, 0, 16);
  return {
    source,
    modality: 'thermal',
    ...{ width: 8, height: 8, values, unit: 'K' },
    timeMicros: at(second).epochMicros,
    monotonicMicros: at(second).monotonicMicros,
    clockQuality: 'device',
    flags: [],
    frame: collectedMemory.acquire(256)!,
  };
}

/** An alert node without Node-RED, and the events that it sent. */
async function alert(definition: Readonly<Record<string, unknown>>, id = 'alert1') {
  const events: EventPayload[] = [];
  const clock = new ManualClock();
  const host: Host<AlertSettings> = {
    id,
    name: 'alert',
    settings: readSettings(definition, { type: 'sensebind-alert', schema: AlertSettings, migrations: [] }),
    credentials: {},
    clock,
    status: new StatusLine(() => undefined, clock),
    closing: new AbortController().signal,
    send: (message) => events.push((message as Message).payload as EventPayload),
    fail: (error) => assert.fail(String(error)),
    warn: (text) => assert.fail(text),
    log: (text) => assert.fail(text),
    userFolder: '/',
    configuration: () => assert.fail('no configuration node'),
  };
  const controller = new AlertController(host);
  await controller.start();
  const feel = (celsius: number, second: number, source?: string): Promise<void> =>
    controller.input({ payload: readingPayload(thermal(celsius, second, source)) } as Message);
  const hear = (probability: number, second: number): Promise<void> => {
    const seen = { source: 'mic0', startMicros: EPOCH, endMicros: at(second).epochMicros, flags: [] };
    const payload: unknown = JSON.parse(JSON.stringify(scoresPayload(scores({ dog: 0.1, glass: probability }), seen)));
    const origin = { kind: 'scores', source: 'mic0', at: at(second) };
    return controller.input({ payload, [ORIGIN]: origin } as unknown as Message);
  };
  return { controller, events, feel, hear };
}

describe('alert nodes', () => {
  let folder: string;
  const state = process.env['XDG_STATE_HOME'];

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'sensebind-alert-'));
    process.env['XDG_STATE_HOME'] = folder;
  });

  after(async () => {
    if (state === undefined) delete process.env['XDG_STATE_HOME'];
    else process.env['XDG_STATE_HOME'] = state;
    await rm(folder, { recursive: true });
  });

  it('begins above one temperature and ends below another', async () => {
    const { controller, events, feel } = await alert(OVERHEATING);
    for (const [second, celsius] of [59, 61, 57, 54].entries()) await feel(celsius, second);
    await controller.close({ isRemoved: true });
    assert.deepEqual(
      events.map(({ phase, rule, title, source, startMicros }) => [phase, rule, title, source, startMicros]),
      [
        ['new', 'overheating_cabinet', 'overheating cabinet', 'heat0', at(1).epochMicros],
        ['end', 'overheating_cabinet', 'overheating cabinet', 'heat0', at(1).epochMicros],
      ],
    );
    assert.equal(events[1]?.endMicros, at(3).epochMicros);
    assert.ok(Math.abs((events[1]?.evidence[0]?.peak ?? 0) - 61) < 0.01);
  });

  it('keeps an event while another source comes, and over a restart', async () => {
    const first = await alert(OVERHEATING);
    await first.feel(70, 0);
    await first.feel(20, 1, 'heat1');
    await first.controller.close({ isRemoved: false });
    const second = await alert(OVERHEATING);
    await second.feel(20, 2);
    await second.controller.close({ isRemoved: true });
    const events = [...first.events, ...second.events];
    assert.deepEqual(
      events.map(({ phase, reason }) => [phase, reason]),
      [
        ['new', null],
        ['end', 'condition'],
      ],
    );
    assert.equal(new Set(events.map(({ id }) => id)).size, 1);
  });

  it('forgets the events of a node that is gone', async () => {
    const first = await alert(OVERHEATING);
    await first.feel(70, 0);
    await first.controller.close({ isRemoved: true });
    const second = await alert(OVERHEATING);
    await second.feel(20, 1);
    await second.controller.close({ isRemoved: true });
    assert.deepEqual(second.events, []);
  });

  it('wants all of a label and a value, with durations by the time of the messages', async () => {
    const both = {
      name: 'both',
      match: 'all',
      conditions: [{ kind: 'label', label: 'glass', on: '0.7' }, ...OVERHEATING.conditions],
      minimumOnSeconds: '2',
    };
    const { controller, events, feel, hear } = await alert(both);
    await hear(0.9, 0);
    assert.equal(events.length, 0);
    await feel(70, 1);
    await hear(0.9, 2);
    assert.equal(events.length, 0);
    await hear(0.9, 3);
    await controller.close({ isRemoved: true });
    const [event] = events;
    assert.deepEqual([event?.phase, event?.label, event?.probability], ['new', 'glass', 0.9]);
    assert.equal(event?.startMicros, at(1).epochMicros);
  });

  it('says what is wrong with a condition, and with what it cannot take', async () => {
    const wrong = { conditions: [{ kind: 'maximum_celsius', direction: 'above', on: 60, off: 70 }] };
    await assert.rejects(() => alert(wrong), { code: 'CONFIG_INVALID' });
    await assert.rejects(() => alert({ conditions: [{ kind: 'label' }] }), { code: 'CONFIG_INVALID' });
    const { controller } = await alert(OVERHEATING);
    await assert.rejects(() => controller.input({ payload: 7 } as Message), { code: 'INPUT_UNSUPPORTED' });
    await controller.close({ isRemoved: true });
  });
});
