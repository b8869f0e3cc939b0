import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { deviceDeclarations as devices } from '../../../devices/catalogue';
import { deviceCacheWishes } from '../../../runtime/cli/engineOptions';
import { parseConfig } from '../../../runtime/config/readConfig';
import { metricsCredentials } from '../../../runtime/config/secrets';
import { isLoopback } from '../../../runtime/metrics/loopback';
import { refused } from '../../support/refused';
import { temporaryFolder } from '../../support/temporaryFolder';

const parse = (more: string) =>
  parseConfig(
    `version: 1
node: box
broker: { url: 'mqtt://localhost' }
sources: { mic0: { device: { kind: arecord } } }
${more}`,
    { file: '/etc/sensebind/config.yaml', devices },
  );

describe('metrics in a configuration', () => {
  it('are off where nothing is said, and on this machine only where no address is', () => {
    assert.equal(parse('').metrics, undefined);
    assert.deepEqual(parse('metrics: {}').metrics, { host: '127.0.0.1', port: 9464 });
    assert.deepEqual(parse('metrics: { host: 0.0.0.0, port: 1, username: p, passwordFile: secret }').metrics, {
      host: '0.0.0.0',
      port: 1,
      username: 'p',
      password: { file: '/etc/sensebind/secret' },
    });
  });

  it('are refused at an address that others can reach, without a password (F25)', () => {
    for (const host of [
      '0.0.0.0',
      '::',
      '192.168.1.20',
      '10.0.0.1',
      '128.0.0.1',
      '::ffff:10.0.0.1',
      'fe80::1',
      '0.0.0.1',
    ]) {
      assert.throws(
        () => parse(`metrics: { host: '${host}' }`),
        refused('CONFIG_INVALID', /user name and a password/),
        host,
      );
      assert.throws(() => parse(`metrics: { host: '${host}', username: p }`), refused('CONFIG_INVALID'), host);
      parse(`metrics: { host: '${host}', username: p, passwordEnv: SECRET }`);
    }
    for (const host of ['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1', 'localhost'])
      parse(`metrics: { host: '${host}' }`);
  });

  it('say what is wrong, and where', () => {
    for (const [text, expected] of [
      ['{ host: example.org }', /metrics\.host: expected an IP address/],
      ["{ host: '999.0.0.1', username: a, passwordEnv: A }", /expected an IP address, found "999\.0\.0\.1"/],
      ['{ username: a }', /a user name without a password/],
      ['{ passwordEnv: A }', /a password without a user name/],
      ['{ username: a, passwordEnv: A, passwordFile: b }', /one place of the password/],
      ["{ username: 'a:b', passwordEnv: A }", /a user name without ":"/],
      ['{ username: a, password: geheim }', /expected no secret in the configuration/],
      ['{ port: 65536 }', /metrics\.port/],
      ['{ user: a }', /unknown key "user"/],
    ] as const) {
      assert.throws(() => parse(`metrics: ${text}`), refused('CONFIG_INVALID', expected), text);
    }
  });

  it('have their password in a file or a variable, which must not be empty', async (context) => {
    const file = path.join(await temporaryFolder(context), 'password');
    const metrics = { host: '::', port: 1, username: 'p', password: { file } } as const;
    await assert.rejects(metricsCredentials(metrics, {}), refused('FILE_UNREADABLE'));
    await writeFile(file, '\n');
    await assert.rejects(metricsCredentials(metrics, {}), refused('CONFIG_INVALID', /of the metrics/));
    await writeFile(file, 'geheim\n');
    assert.deepEqual(await metricsCredentials(metrics, {}), { username: 'p', password: 'geheim' });
    const fromVariable = { ...metrics, password: { environment: 'SECRET' } };
    assert.deepEqual((await metricsCredentials(fromVariable, { SECRET: 'x' }))?.password, 'x');
    await assert.rejects(metricsCredentials(fromVariable, {}), refused('CONFIG_INVALID', /variable SECRET/));
    assert.equal(await metricsCredentials({ host: '127.0.0.1', port: 1 }, {}), undefined);
  });

  it('take no name for an address of this machine but localhost', () => {
    for (const host of ['localhost.example.org', 'local', '127.0.0.1.example.org', '127.1', '']) {
      assert.equal(isLoopback(host), false, host);
    }
  });
});

describe('inference in a configuration', () => {
  it('names a module by a path that starts at its folder, or by a name', () => {
    assert.deepEqual(parse('inference: { runtime: ./build, providers: [tensorrt, cpu], stuckAfter: 30s }').inference, {
      runtime: '/etc/sensebind/build',
      providers: ['tensorrt', 'cpu'],
      stuckAfter: 30_000,
    });
    assert.deepEqual(parse('inference: { runtime: onnxruntime-node }').inference, { runtime: 'onnxruntime-node' });
    assert.equal(parse('').inference, undefined);
    assert.throws(() => parse('inference: { providers: [] }'), refused('CONFIG_INVALID'));
  });

  it('bounds the device cache, or switches it off', () => {
    assert.deepEqual(
      parse('inference: { deviceCache: { folder: ./copies, maxGigabytes: 1.5 }, checkMemory: false }').inference,
      { deviceCache: { folder: '/etc/sensebind/copies', maxGigabytes: 1.5 }, checkMemory: false },
    );
    assert.equal(deviceCacheWishes({ enabled: false }), 'off');
    assert.deepEqual(deviceCacheWishes({ folder: '/x', maxGigabytes: 1.5, keepFreeGigabytes: 0 }), {
      folder: '/x',
      maxBytes: 1.5e9,
      keepFreeBytes: 0,
    });
    assert.throws(() => parse('inference: { deviceCache: { maxGigabytes: 0 } }'), refused('CONFIG_INVALID'));
    assert.throws(() => parse('inference: { deviceCache: { size: 1 } }'), refused('CONFIG_INVALID'));
  });
});
