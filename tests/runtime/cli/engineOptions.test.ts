import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deviceDeclarations as devices } from '../../../devices/catalogue';
import { copyNotes } from '../../../runtime/cli/copyNotes';
import { engineOptions } from '../../../runtime/cli/engineOptions';
import { parseConfig } from '../../../runtime/config/readConfig';
import type { DeviceCopy } from '../../../runtime/inference/protocol';
import type { EngineStatus } from '../../../runtime/inference/stats';

describe('the engine of a configuration', () => {
  const parse = (more: string) =>
    parseConfig(
      `version: 1
node: box
broker: { url: 'mqtt://localhost' }
sources:
  mic0: { device: { kind: arecord } ${more === '' ? '' : ', labels: [house]'} }
  heat0: { device: { kind: simulated-thermal }, enabled: false }
${more}`,
      { file: '/etc/sensebind/config.yaml', devices },
    );

  it('is to load the encoders of its sources, and of words where there are labels', () => {
    const house = 'labels: { house: { labels: [{ id: dog }, { id: cat }] } }';
    assert.deepEqual(engineOptions(parse('')).expected, ['audio']);
    assert.deepEqual(engineOptions(parse(house)).expected, ['audio', 'text']);
  });

  it('has a device cache and looks at memory unless it is told not to', () => {
    const { deviceCache, memory } = engineOptions(parse(''));
    assert.deepEqual([deviceCache, memory], [{}, undefined]);
    const off = engineOptions({ ...parse(''), inference: { checkMemory: false, deviceCache: { enabled: false } } });
    assert.deepEqual([off.deviceCache, off.memory], ['off', 'unchecked']);
  });

  it('tells once of each change of a copy, and nothing of encoders that need none', () => {
    const lines: string[] = [];
    const onStatus = copyNotes((line) => lines.push(line));
    const tell = (imu: DeviceCopy): void => {
      const inUse = { provider: 'cpu', reason: '' };
      const small = { ...inUse, deviceCopy: { state: 'off', reason: 'too small' } } as const;
      const status: EngineStatus = {
        state: 'ready',
        reason: '',
        workers: [],
        providers: { imu: { ...inUse, deviceCopy: imu }, text: small },
      };
      onStatus(status);
      onStatus(status);
    };
    const key = { encoder: '', runtime: '', processor: '', options: '' };
    tell({ state: 'unusable', reason: '/cache cannot be written: EROFS' });
    tell({ state: 'absent', reason: 'there is no copy yet', key });
    tell({ state: 'used', reason: 'loaded from the device cache' });
    assert.deepEqual(lines, [
      'encoder of imu: without the device cache, /cache cannot be written: EROFS',
      'encoder of imu: without the device cache, there is no copy yet',
      'encoder of imu: loaded from the device cache',
    ]);
  });
});
