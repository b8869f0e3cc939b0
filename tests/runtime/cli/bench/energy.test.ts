import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { meterUntil, RailSum } from '../../../../runtime/cli/bench/energyMeter';
import { findRails } from '../../../../runtime/cli/bench/energyRails';
import { ManualClock } from '../../../support/manualClock';
import { temporaryFolder } from '../../../support/temporaryFolder';

const SENSOR = 'bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon3';
const PACKAGE = 'class/powercap/intel-rapl:0';

/** As the developer guide of Jetson Linux shows an Orin Nano. */
const ORIN_NANO: Readonly<Record<string, string>> = {
  [`${SENSOR}/in1_label`]: 'VDD_IN\n',
  [`${SENSOR}/in1_input`]: '5072\n',
  [`${SENSOR}/curr1_input`]: '1200\n',
  [`${SENSOR}/in2_label`]: 'VDD_CPU_GPU_CV\n',
  [`${SENSOR}/in2_input`]: '5064\n',
  [`${SENSOR}/curr2_input`]: '304\n',
  [`${SENSOR}/in3_label`]: 'NC\n',
  [`${SENSOR}/in3_input`]: '0\n',
  [`${SENSOR}/curr3_input`]: '0\n',
  [`${SENSOR}/in7_label`]: 'sum of shunt voltages\n',
  [`${SENSOR}/in7_input`]: '7\n',
};

/** As Documentation/power/powercap/powercap.rst of the kernel shows one: parts stand beside their package. */
const RAPL: Readonly<Record<string, string>> = {
  [`${PACKAGE}/name`]: 'package-0\n',
  [`${PACKAGE}/energy_uj`]: '2500000\n',
  [`${PACKAGE}/max_energy_range_uj`]: '262143328850\n',
  'class/powercap/intel-rapl:0:0/name': 'core\n',
  'class/powercap/intel-rapl:0:0/energy_uj': '1000000\n',
  'class/powercap/intel-rapl:0:0/max_energy_range_uj': '262143328850\n',
};

describe('energy that a machine reports', () => {
  it('is that of each rail of a Jetson, without shunts and what is not connected', async (context) => {
    const { rails, source } = await findRails(await tree(context, ORIN_NANO));
    assert.equal(source, 'INA3221 sensors of the board');
    assert.deepEqual(await read(rails), [
      ['VDD_IN', { kind: 'power', watts: 6.0864 }],
      ['VDD_CPU_GPU_CV', { kind: 'power', watts: 1.539456 }],
    ]);
  });

  it('is that of each package of a processor, without the cores that it holds', async (context) => {
    const { rails, source } = await findRails(await tree(context, RAPL));
    assert.equal(source, 'RAPL counters of the processor');
    assert.deepEqual(await read(rails), [['package-0', { kind: 'counter', joules: 2.5, wrapJoules: 262143.32885 }]]);
  });

  it('says why, where counters may not be read', async (context) => {
    const { [`${PACKAGE}/energy_uj`]: _, ...others } = RAPL;
    const { rails, source } = await findRails(await tree(context, others));
    assert.deepEqual(rails, []);
    assert.match(source, /not reported: only root/);
  });

  it('is not reported where there is nothing', async (context) => {
    const { rails, source } = await findRails(await tree(context, {}));
    assert.deepEqual(rails, []);
    assert.equal(source, 'not reported by this machine');
  });

  it('is a power within limits, or none, whatever the files hold', async (context) => {
    const text = fc.oneof(
      fc.string({ maxLength: 400 }),
      fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map(String),
    );
    await fc.assert(
      fc.asyncProperty(text, text, text, async (label, volts, amperes) => {
        const sys = await tree(context, {
          [`${SENSOR}/in1_label`]: label,
          [`${SENSOR}/in1_input`]: volts,
          [`${SENSOR}/curr1_input`]: amperes,
        });
        for (const [name, reading] of await read((await findRails(sys)).rails)) {
          assert.match(name, /^[\w.+ -]{1,32}$/);
          assert.ok(reading?.kind === 'power' && reading.watts >= 0 && reading.watts <= 10_000);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('mean power', () => {
  it('of a sensor is the area below its readings over the time', () => {
    const sum = new RailSum();
    sum.add({ kind: 'power', watts: 2 }, 0);
    assert.equal(sum.watts, undefined);
    sum.add({ kind: 'power', watts: 4 }, 1_000_000);
    sum.add({ kind: 'power', watts: 4 }, 3_000_000);
    assert.equal(sum.watts, (3 * 1 + 4 * 2) / 3);
  });

  it('of a counter holds over its wrap', () => {
    const sum = new RailSum();
    for (const [second, joules] of [90, 98, 6].entries()) {
      sum.add({ kind: 'counter', joules, wrapJoules: 100 }, second * 1e6);
    }
    assert.equal(sum.watts, 8);
  });

  it('counts from the call until it is told to end', async () => {
    const clock = new ManualClock();
    const end = new AbortController();
    const read = async () =>
      ({ kind: 'counter', joules: (3 * clock.monotonicMicros()) / 1e6, wrapJoules: 1e6 }) as const;
    const metered = meterUntil(end.signal, { rails: [{ name: 'package-0', read }], clock });
    await clock.advance(1000);
    end.abort();
    const [found] = await metered;
    assert.equal(found?.rail, 'package-0');
    assert.ok(Math.abs((found?.watts ?? 0) - 3) < 1e-9);
  });
});

/** A folder with these files. */
async function tree(
  context: { after(cleanUp: () => Promise<void>): void },
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const folder = await temporaryFolder(context);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), content);
  }
  return folder;
}

async function read(rails: Awaited<ReturnType<typeof findRails>>['rails']) {
  return Promise.all(rails.map(async (rail) => [rail.name, await rail.read()] as const));
}
