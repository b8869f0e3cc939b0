import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { deviceDeclarations } from '../../devices/catalogue';
import { STUCK_EXIT_CODE } from '../../runtime/cli/service/endProcess';
import { parseConfig } from '../../runtime/config/readConfig';
import { repositoryRoot } from '../support/paths';
import { temporaryFolder } from '../support/temporaryFolder';

const deployed = (file: string): Promise<string> => readFile(path.join(repositoryRoot, 'deploy', file), 'utf8');

const withoutAnalyze: string | false =
  spawnSync('systemd-analyze', ['--version']).error === undefined
    ? false
    : 'systemd-analyze is missing: apt-get install -y systemd';

describe('the systemd unit', () => {
  it('is understood by systemd, and keeps its sandbox', { skip: withoutAnalyze }, async (context) => {
    const folder = await temporaryFolder(context);
    const file = path.join(folder, 'sensebind.service');
    const unit = await deployed('systemd/sensebind.service');
    // systemd looks whether the program is there.
    await writeFile(file, unit.replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'));
    const verified = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    assert.deepEqual([verified.status, verified.stderr], [0, '']);
    // From 0, nothing can be done, to 10, everything.
    const security = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=25', file], {
      encoding: 'utf8',
    });
    assert.equal(security.status, 0, security.stdout);
  });

  it('lets the program tell how it is, and gives it more time to end than it takes', async () => {
    const unit = await deployed('systemd/sensebind.service');
    for (const line of ['Type=notify', 'NotifyAccess=all', 'Restart=always', 'ExecReload=/bin/kill -HUP $MAINPID']) {
      assert.ok(unit.split('\n').includes(line), line);
    }
    assert.match(unit, /^TimeoutStopSec=30s$/m);
    assert.match(await deployed('README.md'), new RegExp(`^\\| ${STUCK_EXIT_CODE} \\|`, 'm'));
  });
});

describe('the udev rules', () => {
  it('know every USB id that a driver looks for, and only keys that udev has', async () => {
    const rules = (await deployed('udev/61-sensebind.rules')).split('\n').filter((line) => /^[^#]/.test(line));
    const drivers = await Promise.all(
      ['lepton', 'infiray'].map((name) =>
        readFile(path.join(repositoryRoot, 'devices', 'thermal', `${name}.ts`), 'utf8'),
      ),
    );
    const ids = drivers.flatMap((text) => [...text.matchAll(/usbIds: \['([0-9a-f]{4}):([0-9a-f]{4})'\]/g)]);
    assert.equal(ids.length, 2);
    for (const [, vendor, product] of ids) {
      assert.ok(
        rules.some((rule) => rule.includes(`{idVendor}=="${vendor}"`) && rule.includes(`{idProduct}=="${product}"`)),
        `${vendor}:${product}`,
      );
    }
    const token = /^(ACTION|SUBSYSTEM|ATTRS?\{\w+\}|ENV\{\w+\}|SYMLINK|GROUP|MODE|RUN|GOTO|LABEL)(==|!=|\+=|=)"[^"]*"$/;
    for (const rule of rules) for (const part of rule.split(', ')) assert.match(part, token);
    const labels = new Set(rules.flatMap((rule) => /LABEL="(\w+)"/.exec(rule)?.[1] ?? []));
    for (const [, target] of rules.join('\n').matchAll(/GOTO="(\w+)"/g))
      assert.ok(target && labels.has(target), target);
  });
});

describe('the compose file', () => {
  it('has every file that it mounts, and gives no container more than it needs', async () => {
    const compose = parse(await deployed('docker/compose.yaml'));
    assert.deepEqual(Object.keys(compose.services), ['broker', 'sensebind', 'home-assistant']);
    const { broker, sensebind } = compose.services;
    for (const service of [broker, sensebind]) {
      assert.deepEqual([service.cap_drop, service.read_only], [['ALL'], true]);
      assert.deepEqual(service.security_opt, ['no-new-privileges:true']);
      assert.equal(service.privileged, undefined);
    }
    for (const port of [...broker.ports, ...compose.services['home-assistant'].ports])
      assert.match(port, /^127\.0\.0\.1:/);
    for (const volume of broker.volumes.filter((one: string) => one.startsWith('.'))) {
      await deployed(path.join('docker', volume.split(':')[0]));
    }
  });

  it('has an example whose configuration is valid', async () => {
    const text = await deployed('docker/config.example.yaml');
    const config = parseConfig(text, { file: '/config.yaml', devices: deviceDeclarations });
    assert.deepEqual(config.broker.password, { file: '/run/secrets/broker-password' });
  });

  it('runs the broker with the same limits and rules as outside of containers', async () => {
    const lines = async (file: string) =>
      (await deployed(file))
        .split('\n')
        .filter((line) => /^[a-z]/.test(line) && !/^(listener|persistence|log_dest)/.test(line));
    const name = (line: string) => line.replace(/ \/\S+$/, '');
    const [outside, inside] = await Promise.all([lines('mosquitto/sensebind.conf'), lines('docker/mosquitto.conf')]);
    assert.deepEqual(
      inside.map(name).filter((line) => !/persistence/.test(line)),
      outside.map(name),
    );
  });
});

describe('the recipe for Jetson', () => {
  it('says in each file that it was not yet run on a device', async () => {
    for (const file of ['README.md', 'Dockerfile', 'build-onnxruntime.sh', 'sensebind-gpu.conf']) {
      assert.match(await deployed(`jetson/${file}`), /not yet run on a device/i, file);
    }
  });

  it('builds the version of onnxruntime that the package depends on', async () => {
    const { dependencies } = JSON.parse(await readFile(path.join(repositoryRoot, 'package.json'), 'utf8'));
    const [, version] = /version=\$\{2:-([\d.]+)\}/.exec(await deployed('jetson/build-onnxruntime.sh')) ?? [];
    assert.equal(dependencies['onnxruntime-node'], `^${version}`);
    assert.equal(
      spawnSync('bash', ['-n', path.join(repositoryRoot, 'deploy', 'jetson', 'build-onnxruntime.sh')]).status,
      0,
    );
  });
});
