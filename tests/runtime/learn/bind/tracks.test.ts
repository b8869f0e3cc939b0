import assert from 'node:assert/strict';
import { readdir, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { it } from 'node:test';
import { surveyRecordings } from '../../../../runtime/learn/bind/tracks';
import { itemOf, writeRecording } from '../../../devices/recording/writeRecording';
import { temporaryFolder } from '../../../support/temporaryFolder';

const READINGS = 64;

it('a recording that was cut off gives what is whole, and says that it is damaged', async (context) => {
  const folder = path.join(await temporaryFolder(context), 'recording');
  const items = Array.from({ length: READINGS }, (_, index) => {
    const time = { timeMicros: 1e6 * index, monotonicMicros: 1e6 * index };
    const profile = new Float32Array(256).fill(index);
    const head = { ...time, clockQuality: 'device', flags: [], binMetres: 0.1, profile } as const;
    return ['a', 'b'].map((source) => itemOf({ ...head, source, modality: 'radar' }));
  });
  writeRecording(folder, items.flat(), { flushEvery: 8 });
  const survey = () => surveyRecordings([folder], { anchor: 'a', sensor: 'b' }, {});
  const count = ({ sessions }: Awaited<ReturnType<typeof survey>>): number =>
    sessions.reduce((sum, { sensor }) => sum + (sensor.kind === 'profiles' ? sensor.profiles.length : 0), 0);

  const whole = await survey();
  assert.deepEqual([count(whole), whole.damaged], [READINGS, 0]);
  const [name = ''] = await readdir(folder);
  const file = path.join(folder, name);
  await truncate(file, Math.floor((await stat(file)).size / 2));
  const cut = await survey();
  assert.ok(count(cut) > 0 && count(cut) < READINGS, `${count(cut)}`);
  assert.equal(cut.damaged, 1);
});
