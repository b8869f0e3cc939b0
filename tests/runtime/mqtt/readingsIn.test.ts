import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectAsync } from 'mqtt';
import { readReadings } from '../../../devices/readingsIn/message';
import { ReadingsIn } from '../../../runtime/mqtt/readingsIn';
import { topicsOf } from '../../../runtime/mqtt/topics';
import { soundMessage } from '../../support/board';
import { startLink } from '../../support/brokerLink';
import { startMosquitto, withoutMosquitto } from '../../support/mosquitto';

const ROOT = 'sensebind/v1/box';

describe('readings of boards, with a real mosquitto', { skip: withoutMosquitto }, () => {
  it('reach the source that they are for, of many; others are counted', async (context) => {
    const broker = await startMosquitto();
    context.after(() => broker.stop());
    const board = await connectAsync(broker.url);
    context.after(() => board.endAsync(true));
    await board.publishAsync(`${ROOT}/in/mic0/readings`, soundMessage(), { qos: 1, retain: true });
    const { link, until, clock } = startLink(context, broker.url);
    const readingsIn = new ReadingsIn(clock);
    const heard: string[] = [];
    let onHeard = (): void => undefined;
    const sources = Array.from({ length: 8 }, (_, index) => `mic${index}`);
    for (const source of sources) {
      readingsIn.open(source, (payload) => {
        heard.push(`${source} ${readReadings(payload).sequence}`);
        onHeard();
      });
    }
    const close = readingsIn.open('muted', () => assert.fail('a source that was closed'));
    close();
    readingsIn.attach(link, topicsOf({ base: 'sensebind', node: 'box' }));
    await until('connected');
    const all = new Promise<void>((resolve) => {
      onHeard = () => {
        if (heard.length === 3 * sources.length) resolve();
      };
    });
    // Until its subscription is there, nothing of a board reaches the node: the retained message tells that it is.
    while (readingsIn.untaken()['readings-retained'] === 0) await new Promise((resolve) => setImmediate(resolve));
    for (const source of ['nobody', 'muted']) await board.publishAsync(`${ROOT}/in/${source}/readings`, soundMessage());
    for (let sequence = 0; sequence < 3; sequence++) {
      for (const source of sources) {
        await board.publishAsync(`${ROOT}/in/${source}/readings`, soundMessage({ sequence }), { qos: 1 });
      }
    }
    await all;
    const expected = sources.flatMap((source) => [0, 1, 2].map((sequence) => `${source} ${sequence}`));
    assert.deepEqual(new Set(heard), new Set(expected));
    assert.deepEqual(readingsIn.untaken(), {
      'readings-unclaimed': 2,
      'readings-retained': 1,
      'readings-waited': 0,
    });
  });
});
