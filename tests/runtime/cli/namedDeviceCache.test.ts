import assert from 'node:assert/strict';
import { chown, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { checkDeviceCaches } from '../../../runtime/cli/doctor/deviceCacheCheck';
import { makeCopies } from '../../../runtime/cli/models/makeCopies';
import { namedDeviceCache } from '../../../runtime/cli/namedDeviceCache';
import { runCommand } from '../../support/command';
import { Copies } from '../../support/deviceCopies';
import { temporaryFolder } from '../../support/temporaryFolder';

async function configOf(folder: string, deviceCache: string): Promise<string> {
  const file = path.join(folder, 'config.yaml');
  await writeFile(
    file,
    `version: 1
node: box
broker: { url: mqtt://localhost:1883 }
sources: { imu0: { device: { kind: simulated-imu } } }
inference: { deviceCache: ${deviceCache} }
`,
  );
  return file;
}

describe('the device cache of a configuration', () => {
  it('is the one that models cache and doctor speak of', async (context) => {
    const home = await temporaryFolder(context);
    const config = await configOf(home, '{ folder: ./copies, maxGigabytes: 3 }');
    const { stdout } = await runCommand(['models', 'cache', '--config', config, '--json'], { stateHome: home });
    const { folder, origin, isOff } = JSON.parse(stdout);
    assert.deepEqual([folder, origin, isOff], [path.join(home, 'copies'), config, false]);
    const [finding] = await checkDeviceCaches(config);
    assert.equal(finding?.what, `device cache of ${config}: 0 copies of encoders, 0 B of 3.00 GB, in ${folder}`);
  });

  it('gets no copies where it is switched off', async (context) => {
    const home = await temporaryFolder(context);
    const config = await configOf(home, '{ enabled: false }');
    const { bundle } = await Copies.in(home);
    const cache = await namedDeviceCache(config);
    const signal = new AbortController().signal;
    const news = await makeCopies(bundle, cache, { signal, onEncoder: assert.fail });
    assert.deepEqual(new Set(news.map(({ kind }) => kind)), new Set(['off']));
    assert.equal(news[0]?.news, `no copy: the device cache is switched off in ${config}`);
    assert.match((await checkDeviceCaches(config))[0]?.what ?? '', /switched off there$/);
  });

  const notRoot = process.getuid?.() !== 0 && 'only root can give a folder away';
  it('is not written by another user than the one who uses it', { skip: notRoot }, async (context) => {
    const home = await temporaryFolder(context);
    const config = await configOf(home, '{ folder: ./service/encoders }');
    await mkdir(path.join(home, 'service'));
    await chown(path.join(home, 'service'), 12345, 12345);
    const { bundle } = await Copies.in(home);
    const named = await namedDeviceCache(config);
    const cache = { ...named, settings: { ...named.settings, minimumBytes: 0 } };
    const news = await makeCopies(bundle, cache, { signal: new AbortController().signal, onEncoder: assert.fail });
    assert.match(news[0]?.news ?? '', /service belongs to the user 12345: run this command as that user/);
    await mkdir(cache.settings.folder);
    await chown(cache.settings.folder, 12345, 12345);
    const [finding] = await checkDeviceCaches(config);
    assert.match(`${finding?.kind} ${finding?.what}`, /^ok .*for more, .*belongs to the user 12345/);
  });
});
