import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { openBundle } from '../../../../models/bundle/bundle';
import { miniBundleFolder } from '../../../../models/mini/location';
import { requireCopy } from '../../../../runtime/cli/bench/deviceCopy';
import { int8InstructionsOf } from '../../../../runtime/cli/bench/machine';
import { measureEncoder } from '../../../../runtime/cli/bench/measureEncoder';
import { parseThreads, planMeasurements, secondsEach, usualThreads } from '../../../../runtime/cli/bench/plan';
import type { BenchReport } from '../../../../runtime/cli/bench/report';
import { spreadOf } from '../../../../runtime/cli/bench/work';
import { grown, parseStatus } from '../../../../runtime/inference/plan/processMemory';
import { errorCode, runCommand } from '../../../support/command';
import { Copies } from '../../../support/deviceCopies';
import { temporaryFolder } from '../../../support/temporaryFolder';

describe('sensebind bench', () => {
  it('measures encoders of the shipped bundle, each in a process of its own', async (context) => {
    const stateHome = await temporaryFolder(context);
    const args = ['bench', '--modalities', 'imu,text', '--threads', '1', '--seconds', '1', '--json'];
    const { code, stdout, stderr } = await runCommand(args, { stateHome });
    assert.equal(code, 0, stderr);
    const report = JSON.parse(stdout) as BenchReport;
    assert.equal(report.format, 'sensebind-bench/1');
    assert.equal(report.machine.onnxruntime.split('.').length, 3);
    assert.deepEqual(
      report.encoders.map(({ bundle, modality, threads }) => [bundle, modality, threads]),
      [
        ['imagebind_mini', 'text', 1],
        ['imagebind_mini', 'imu', 1],
      ],
    );
    assert.equal(report.deviceCache, 'off');
    for (const { windows, window, forward, preprocessing, memory, windowsPerSecond } of report.encoders) {
      assert.ok(windows >= 3 && windowsPerSecond > 0);
      assert.ok(preprocessing.p50Millis > 0 && forward.p50Millis > 0);
      assert.ok(window.p50Millis >= forward.p50Millis && window.p95Millis >= window.p50Millis);
      assert.ok(memory.privateBytes > 0);
    }
  });

  it('loads an encoder from its copy where the device cache is on, and makes that before', async (context) => {
    const copies = await Copies.in(await temporaryFolder(context));
    const never = new AbortController().signal;
    assert.equal(await requireCopy(copies.setup('imu'), { settings: copies.settings, signal: never }), undefined);
    const work = { bundle: copies.bundle.directory, modality: 'imu', threads: 1, seconds: 0.3 };
    const observers = { onMeasuring: () => undefined, onMeasured: () => undefined, signal: never };
    const { deviceCopy } = await measureEncoder({ ...work, deviceCache: copies.settings }, observers);
    assert.ok(deviceCopy.isUsed, deviceCopy.reason);
    const full = { ...copies.settings, folder: path.join(copies.settings.folder, 'other'), maxBytes: 1 };
    assert.match((await requireCopy(copies.setup('imu'), { settings: full, signal: never })) ?? '', /all may take 1 B/);
  });

  it('refuses encoders that no bundle has, and more threads than cores', async (context) => {
    const stateHome = await temporaryFolder(context);
    for (const wrong of [
      ['--modalities', 'smell'],
      ['--threads', '0'],
      ['--seconds', '0.5'],
    ]) {
      const result = await runCommand(['bench', ...wrong, '--json'], { stateHome });
      assert.equal(result.code, 2);
      assert.equal(errorCode(result), 'USAGE');
    }
  });
});

describe('the plan of a bench', () => {
  it('takes 1, 2, 4 and all cores', () => {
    assert.deepEqual([1, 2, 4, 6, 64].map(usualThreads), [[1], [1, 2], [1, 2, 4], [1, 2, 4, 6], [1, 2, 4, 64]]);
    assert.deepEqual(parseThreads('2,1,2', 4), [2, 1]);
    assert.throws(() => parseThreads('8', 4), /from 1 to 4, found 8/);
  });

  it('has every encoder with every number of threads, or those that are named', async (context) => {
    const bundle = await openBundle(miniBundleFolder(), { stateDirectory: await temporaryFolder(context) });
    const encoders = Object.keys(bundle.manifest.encoders);
    const all = planMeasurements([bundle], { modalities: undefined, threads: [1, 2] });
    assert.equal(all.length, 2 * encoders.length);
    const some = planMeasurements([bundle, bundle], { modalities: ['imu'], threads: [1] });
    assert.deepEqual(
      some.map(({ modality }) => modality),
      ['imu', 'imu'],
    );
    assert.throws(() => planMeasurements([bundle], { modalities: ['smell'], threads: [1] }), /found smell/);
  });

  it('shares the time out, and gives each a moment at least', () => {
    assert.equal(secondsEach(120, 12), 9);
    assert.equal(secondsEach(1, 12), 0.3);
  });
});

describe('figures of a bench', () => {
  it('are ranks of what was measured', () => {
    assert.deepEqual(spreadOf([5, 1, 4, 2, 3]), { p50Millis: 3, p95Millis: 5 });
    assert.deepEqual(spreadOf([7]), { p50Millis: 7, p95Millis: 7 });
  });

  it('tell private memory from mapped files as the kernel does (proc_pid_status(5))', () => {
    const status = 'VmRSS:\t   10356 kB\nRssAnon:\t    4096 kB\nRssFile:\t    2048 kB\nRssShmem:\t       0 kB\n';
    assert.deepEqual(parseStatus(status), { privateBytes: 4_194_304, mappedBytes: 2_097_152 });
    assert.equal(parseStatus('VmRSS:\t   10356 kB\n'), undefined);
    const before = { privateBytes: 10, mappedBytes: 20 };
    assert.deepEqual(grown(before, { privateBytes: 25, mappedBytes: 5 }), { privateBytes: 15, mappedBytes: 0 });
    assert.deepEqual(grown(before, { privateBytes: 25, mappedBytes: null }), { privateBytes: 15, mappedBytes: null });
  });

  it('name what the processor can do for int8', () => {
    assert.deepEqual(int8InstructionsOf('processor: 0\nflags\t\t: fpu avx2 avx512_vnni\n'), ['avx512_vnni']);
    assert.deepEqual(int8InstructionsOf('processor: 0\nFeatures\t: fp asimd asimddp i8mm\n'), ['asimddp', 'i8mm']);
    assert.deepEqual(int8InstructionsOf(''), []);
  });
});
