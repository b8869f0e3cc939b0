import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { type Heat, heatNotes, readHeat } from '../../../../runtime/cli/bench/heat';
import { temporaryFolder } from '../../../support/temporaryFolder';

/** Zones of the kernel: one that slows the processor down at 95 °C, one without limits, one that sleeps. */
const FILES: Readonly<Record<string, string>> = {
  'class/thermal/thermal_zone0/type': 'cpu-thermal\n',
  'class/thermal/thermal_zone0/temp': '96500\n',
  'class/thermal/thermal_zone0/trip_point_0_type': 'passive\n',
  'class/thermal/thermal_zone0/trip_point_0_temp': '95000\n',
  'class/thermal/thermal_zone0/trip_point_1_type': 'critical\n',
  'class/thermal/thermal_zone0/trip_point_1_temp': '104000\n',
  'class/thermal/thermal_zone1/type': 'board\n',
  'class/thermal/thermal_zone1/temp': '41000\n',
  'class/thermal/thermal_zone2/type': 'gpu-thermal\n',
  'class/thermal/thermal_zone2/temp': '-256000\n',
  'devices/system/cpu/cpu0/thermal_throttle/core_throttle_count': '3\n',
  'devices/system/cpu/cpu1/thermal_throttle/core_throttle_count': '4\n',
};

describe('heat of a machine', () => {
  it('names the hottest zone, those that slow it down, and how often its cores did', async (context) => {
    const folder = await temporaryFolder(context);
    for (const [name, content] of Object.entries(FILES)) {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await writeFile(path.join(folder, name), content);
    }
    assert.deepEqual(await readHeat(folder), {
      hottest: { zone: 'cpu-thermal', celsius: 96.5 },
      slowing: ['cpu-thermal'],
      throttled: 7,
    });
  });

  it('is unknown where the machine tells nothing', async (context) => {
    assert.deepEqual(await readHeat(await temporaryFolder(context)), { hottest: null, slowing: [], throttled: 0 });
  });

  it('is told where it has slowed the machine down, and only there', () => {
    const cool: Heat = { hottest: { zone: 'cpu-thermal', celsius: 50 }, slowing: [], throttled: 7 };
    assert.deepEqual(heatNotes(cool, cool), []);
    assert.deepEqual(heatNotes(cool, { ...cool, slowing: ['cpu-thermal'], throttled: 9 }), [
      'slowed down by heat: cpu-thermal reached the limit of its zone',
      'slowed down by heat: the processor throttled 2 times',
    ]);
  });
});
