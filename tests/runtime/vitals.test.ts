import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { EventLoopDelay } from '../../runtime/eventLoopDelay';
import { gpuCelsius } from '../../runtime/gpuTemperature';
import { temporaryFolder } from '../support/temporaryFolder';

describe('the delay of the event loop', () => {
  it('shows a call that held it, and forgets it after it was looked at', async (context) => {
    const delay = new EventLoopDelay();
    assert.deepEqual(delay.take(), { p50Micros: 0, p99Micros: 0, maxMicros: 0 });
    delay.start();
    context.after(() => delay.stop());
    // The first tick of the monitor comes after its own pause.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const endMillis = performance.now() + 200;
    while (performance.now() < endMillis);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { maxMicros } = delay.take();
    assert.ok(maxMicros >= 150_000, `${maxMicros}`);
    assert.deepEqual(delay.take().maxMicros, 0);
  });
});

describe('the temperature of the graphics processor', () => {
  it('is that of the thermal zone which the kernel calls so', async (context) => {
    const folder = await temporaryFolder(context);
    const zone = async (number: number, type: string, temperature?: string) => {
      const place = path.join(folder, `thermal_zone${number}`);
      await mkdir(place);
      await writeFile(path.join(place, 'type'), `${type}\n`);
      if (temperature !== undefined) await writeFile(path.join(place, 'temp'), temperature);
    };
    assert.equal(await gpuCelsius(folder), null);
    assert.equal(await gpuCelsius(path.join(folder, 'none')), null);
    await zone(0, 'cpu-thermal', '40000\n');
    // As on a Jetson whose graphics processor sleeps.
    await zone(1, 'gpu-thermal');
    assert.equal(await gpuCelsius(folder), null);
    await zone(2, 'GPU-therm', '51500\n');
    assert.equal(await gpuCelsius(folder), 51.5);
  });
});
