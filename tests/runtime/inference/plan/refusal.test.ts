import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Engine, type EngineOptions } from '../../../../runtime/inference/engine';
import { probeInput } from '../../../../runtime/inference/probeInput';
import { Copies } from '../../../support/deviceCopies';
import { refused } from '../../../support/refused';

describe('an engine on a machine with little memory', () => {
  let folder: string;
  let copies: Copies;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'sensebind-short-'));
    copies = await Copies.in(folder);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** The kernel's words for so many megabytes. */
  async function memoryOf(megabytes: number) {
    const proc = path.join(folder, `proc-${megabytes}`);
    await mkdir(proc, { recursive: true });
    await writeFile(path.join(proc, 'meminfo'), `MemAvailable: ${Math.round((megabytes * 1e6) / 1024)} kB\n`);
    return { proc, cgroup: path.join(folder, 'no-cgroup') };
  }

  const open = (options: EngineOptions): Promise<Engine> =>
    Engine.open(copies.bundle, { deviceCache: copies.settings, ...options });

  it('does not start what cannot fit, be it loaded now or later', async () => {
    const memory = await memoryOf(1.5);
    const message = /1\.50 MB of memory left.*at least \d+\.?\d* MB: .*imu \(int8\)/;
    await assert.rejects(open({ memory, modalities: ['imu', 'audio'] }), refused('MEMORY_SHORT', message));
    await assert.rejects(open({ memory, modalities: ['imu'], expected: ['audio', 'imu'] }), refused('MEMORY_SHORT'));
  });

  it('starts what fits, and refuses each encoder that does not when it is first used', async () => {
    await using engine = await open({
      memory: await memoryOf(0.5),
      deviceCache: 'off',
      expected: ['none-of-the-bundle'],
    });
    const input = { kind: 'tensor', ...probeInput(copies.setup('imu')) } as const;
    await assert.rejects(engine.encode('imu', input), refused('MEMORY_SHORT', /imu \(int8\)/));
    assert.equal(engine.stats().modalities['imu']!.failed, 1);
    assert.equal(engine.status().state, 'ready');
  });

  it('starts by copies in the device cache, or where it is told to try', async () => {
    const memory = await memoryOf(0.5);
    assert.equal((await copies.make('imu')).kind, 'made');
    await using cached = await open({ memory, modalities: ['imu'] });
    assert.equal(cached.status().providers['imu']?.deviceCopy.state, 'used');
    await using tried = await open({ memory: 'unchecked', modalities: ['imu'], deviceCache: 'off' });
    assert.equal(tried.status().providers['imu']?.deviceCopy.state, 'off');
  });
});
