import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { pngFolder } from '../../../devices/depth/pngFolder';
import { deviceContext } from '../../support/deviceContext';
import { ManualClock } from '../../support/manualClock';
import { gray16File } from '../../support/png';
import { refused } from '../../support/refused';
import { collectingSink } from '../../support/sinks';
import { temporaryFolder } from '../../support/temporaryFolder';

const SIZE = { width: 3, height: 2 };

describe('a folder of depth pictures', () => {
  it('is played in the order of its numbers, each at its time', async (context) => {
    const folder = await temporaryFolder(context);
    for (const number of [1, 2, 10]) {
      await writeFile(path.join(folder, `frame-${number}.png`), gray16File(new Array(6).fill(number * 1000), SIZE));
    }
    await writeFile(path.join(folder, 'notes.txt'), 'not a picture');
    const clock = new ManualClock();
    const driver = pngFolder.open({ kind: 'depth-folder', folder: '.', rateHz: 5 }, deviceContext({ clock, folder }));
    const sink = collectingSink();
    let ended: boolean = false;
    const run = driver.run(sink, new AbortController().signal).finally(() => {
      ended = true;
    });
    while (!ended) await clock.advance(20);
    await run;
    const depths = sink.readings.map((reading) => {
      assert.ok(reading.modality === 'depth');
      return { at: reading.monotonicMicros, metres: [...reading.metres], quality: reading.clockQuality };
    });
    assert.deepEqual(
      depths.map(({ metres }) => metres[0]),
      [1, 2, 10],
    );
    // Decoding takes no time of this clock, but on a slow machine some turns of it.
    for (const [index, { at }] of depths.entries()) assert.ok(at >= index * 200_000);
  });

  it('says what is wrong with the folder', async (context) => {
    const folder = await temporaryFolder(context);
    const open = (name: string) =>
      pngFolder
        .open({ kind: 'depth-folder', folder: name }, deviceContext({ folder }))
        .run(collectingSink(), new AbortController().signal);
    await assert.rejects(open('missing'), refused('FILE_UNREADABLE', /missing/));
    await assert.rejects(open('.'), refused('FILE_UNREADABLE', /no file that ends in \.png/));
  });
});
