import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { requireRoom } from '../../../../runtime/inference/plan/admission';
import { MACHINE_MEMORY, type MemoryRoots, readMemory } from '../../../../runtime/inference/plan/memory';
import { refused } from '../../../support/refused';
import { temporaryFolder } from '../../../support/temporaryFolder';

const MIB = 2 ** 20;

/** Files as the kernel has them, under a folder. */
async function machine(folder: string, files: Readonly<Record<string, string>>): Promise<MemoryRoots> {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  return { proc: path.join(folder, 'proc'), cgroup: path.join(folder, 'cgroup') };
}

const meminfo = (availableMiB: number, swapMiB = 0): string =>
  `MemTotal:       16000000 kB\nMemAvailable:   ${availableMiB * 1024} kB\nSwapFree:  ${swapMiB * 1024} kB\n`;

describe('memory that is left', () => {
  it('is what the machine says, where no group has a limit', async (context) => {
    const roots = await machine(await temporaryFolder(context), {
      'proc/meminfo': meminfo(6000, 500),
      'proc/self/cgroup': '0::/user.slice\n',
      'cgroup/user.slice/memory.max': 'max\n',
      'cgroup/user.slice/memory.current': `${100 * MIB}\n`,
    });
    const expected = { availableBytes: 6000 * MIB, swapBytes: 500 * MIB, limitedBy: 'machine' };
    assert.deepEqual(await readMemory(roots), expected);
  });

  it('is what the nearest limit of control groups 2 leaves, pages of files given back', async (context) => {
    const roots = await machine(await temporaryFolder(context), {
      'proc/meminfo': meminfo(6000),
      'proc/self/cgroup': '0::/system.slice/sensebind.service\n',
      'cgroup/system.slice/memory.max': `${1024 * MIB}\n`,
      'cgroup/system.slice/memory.current': `${900 * MIB}\n`,
      'cgroup/system.slice/memory.stat': `anon 1\ninactive_file ${300 * MIB}\nactive_file ${100 * MIB}\n`,
      'cgroup/system.slice/sensebind.service/memory.max': `${4096 * MIB}\n`,
      'cgroup/system.slice/sensebind.service/memory.current': `${100 * MIB}\n`,
    });
    const left = await readMemory(roots);
    assert.deepEqual([left.limitedBy, left.availableBytes], ['group', (1024 - 900 + 400) * MIB]);
  });

  it('is what control groups 1 leave, as in an old container', async (context) => {
    const roots = await machine(await temporaryFolder(context), {
      'proc/meminfo': meminfo(6000),
      'proc/self/cgroup': '5:cpu,cpuacct:/docker/1\n4:memory:/docker/1\n1:name=systemd:/docker/1\n',
      'cgroup/memory/docker/1/memory.limit_in_bytes': `${512 * MIB}\n`,
      'cgroup/memory/docker/1/memory.usage_in_bytes': `${600 * MIB}\n`,
      'cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
      'cgroup/memory/memory.usage_in_bytes': `${900 * MIB}\n`,
    });
    assert.deepEqual(await readMemory(roots), { availableBytes: 0, swapBytes: 0, limitedBy: 'group' });
  });

  it('counts swap of the machine only as far as the group may use it', async (context) => {
    const group = async (files: Readonly<Record<string, string>>) => {
      const folder = await temporaryFolder(context);
      const common = {
        'proc/meminfo': meminfo(6000, 500),
        'proc/self/cgroup': '0::/box\n',
        'cgroup/box/memory.max': `${1024 * MIB}\n`,
        'cgroup/box/memory.current': `${24 * MIB}\n`,
      };
      const { availableBytes, swapBytes } = await readMemory(await machine(folder, { ...common, ...files }));
      return [availableBytes / MIB, swapBytes / MIB];
    };
    const used = { 'cgroup/box/memory.swap.current': `${20 * MIB}\n` };
    assert.deepEqual(await group({ ...used, 'cgroup/box/memory.swap.max': 'max\n' }), [1000, 500]);
    assert.deepEqual(await group({ ...used, 'cgroup/box/memory.swap.max': `${220 * MIB}\n` }), [1000, 200]);
    assert.deepEqual(await group({ ...used, 'cgroup/box/memory.swap.max': '0\n' }), [1000, 0]);

    const old = {
      'proc/self/cgroup': '4:memory:/box\n',
      'cgroup/memory/box/memory.limit_in_bytes': `${1024 * MIB}\n`,
      'cgroup/memory/box/memory.usage_in_bytes': `${24 * MIB}\n`,
    };
    const together = (limit: number, usage: number) => ({
      ...old,
      'cgroup/memory/box/memory.memsw.limit_in_bytes': `${limit * MIB}\n`,
      'cgroup/memory/box/memory.memsw.usage_in_bytes': `${usage * MIB}\n`,
    });
    assert.deepEqual(await group(old), [1000, 500], 'no account of swap');
    assert.deepEqual(await group(together(1024, 24)), [1000, 0]);
    assert.deepEqual(await group(together(1324, 124)), [1000, 200]);
  });

  it('is never made up: without a word of the system, nothing is refused for it', async (context) => {
    const folder = await temporaryFolder(context);
    const left = await readMemory({ proc: path.join(folder, 'none'), cgroup: path.join(folder, 'none') });
    assert.ok(left.availableBytes > 0);
    const here = await readMemory(MACHINE_MEMORY);
    assert.ok(here.availableBytes > 0 && Number.isFinite(here.availableBytes));
  });
});

describe('encoders that are to be loaded', () => {
  const left = (availableBytes: number, swapBytes = 0) =>
    ({ availableBytes, swapBytes, limitedBy: 'machine' }) as const;
  const vision = { modality: 'vision', precision: 'fp32', fileBytes: 2.5e9, hasDeviceCopy: false } as const;
  const imu = { modality: 'imu', precision: 'int8', fileBytes: 21e6, hasDeviceCopy: false } as const;

  it('are refused when they cannot fit, with what each takes and what helps', () => {
    const expected =
      /1\.00 GB of memory left on this machine.* at least 2\.02 GB: vision \(fp32\) 2\.00 GB, imu \(int8\) 16\.8 MB/;
    assert.throws(() => requireRoom([imu, vision], left(1e9)), refused('MEMORY_SHORT', expected));
    const fp16 = { ...vision, precision: 'fp16', fileBytes: 1.25e9 } as const;
    assert.throws(() => requireRoom([fp16], left(1.9e9)), refused('MEMORY_SHORT', /vision \(fp16\) 2\.00 GB/));
  });

  it('are let in when they may fit: by a copy in the device cache, by swap, or barely', () => {
    requireRoom([imu, { ...vision, hasDeviceCopy: true }], left(1e9));
    requireRoom([imu, vision], left(1e9, 1.1e9));
    requireRoom([vision], left(2e9));
    requireRoom([], left(0));
  });
});
