import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { readRecording } from '../../../devices/recording/readRecording';
import { exampleOf } from '../../../devices/simulated/example';
import { SENSORS } from '../../../devices/simulated/sensor';
import { FramePool } from '../../../runtime/frames';
import { pairSessions } from '../../../runtime/learn/bind/pairs';
import { surveyRecordings } from '../../../runtime/learn/bind/tracks';
import { recordScenes, SCENE_SOURCES } from '../../../runtime/learn/recordScenes';
import { planScenes, sceneOf } from '../../../runtime/learn/scenePlan';
import type { Reading } from '../../../runtime/reading';
import { temporaryFolder } from '../../support/temporaryFolder';

/** Two tasks of worker threads. */
const COUNT = 34;
const SPEC = { set: 'bound', count: COUNT, seed: 8 } as const;

/** The numbers of a reading, a list a channel. */
function valuesOf(reading: Reading): readonly (readonly number[])[] {
  switch (reading.modality) {
    case 'vision':
      return [[...reading.rgb]];
    case 'depth':
      return [[...reading.metres]];
    case 'thermal':
      return [[...reading.values]];
    case 'audio':
      return reading.channels.map((channel) => [...channel]);
    case 'imu':
      return [...reading.acceleration, ...reading.angularVelocity!].map((axis) => [...axis]);
    case 'radar':
      return [[...reading.profile]];
  }
}

describe('a recording of scenes', () => {
  it('holds each scene of the plan as all sensors read it, in order, and nothing that tells what it shows', async (context) => {
    const folder = path.join(await temporaryFolder(context), 'pairs');
    await recordScenes(SPEC, { folder, sensors: SENSORS, library: 'test', workers: 2 });
    const scenes = [...planScenes(SPEC)].map(sceneOf);
    const memory = new FramePool({ frames: 8, bytes: 2 ** 20 });
    const counts = new Map<string, number>();
    for await (const item of readRecording(folder, { memory })) {
      assert.ok(item.kind === 'reading' || item.kind === 'session', item.kind);
      if (item.kind === 'session') assert.doesNotMatch(item.configuration!, /fire|kitchen|event/);
      if (item.kind !== 'reading') continue;
      const { reading } = item;
      const index = counts.get(reading.source) ?? 0;
      counts.set(reading.source, index + 1);
      if (index % 11 !== 0) continue;
      const expected: unknown = exampleOf[reading.modality](scenes[index]!);
      const channels = Array.isArray(expected) ? expected : [expected];
      assert.deepEqual(
        valuesOf(reading),
        channels.map((channel: ArrayLike<number>) => Array.from(channel)),
        `${reading.source} ${index}`,
      );
    }
    assert.deepEqual(
      [...counts],
      SENSORS.map((sensor) => [SCENE_SOURCES[sensor], COUNT]),
    );

    for (const [sensor, windowSeconds] of [
      ['imu0', 5],
      ['mic0', 2],
      ['radar0', 0],
      ['thermal0', 0],
    ] as const) {
      const { sessions } = await surveyRecordings([folder], { anchor: 'camera0', sensor }, {});
      const rules = {
        toleranceMicros: 1e5,
        everyMicros: 0,
        anchorWindowMicros: 0,
        sensorWindowMicros: windowSeconds * 1e6,
      };
      assert.equal(pairSessions(sessions, rules).counts.pairs, COUNT, sensor);
    }
  });
});
