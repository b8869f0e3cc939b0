import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, copyFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import {
  connectAsync,
  connect as connectClient,
  type IClientOptions,
  type IClientPublishOptions,
  type IConnackPacket,
} from 'mqtt';
import { freePort, withoutMosquitto } from '../support/mosquitto';
import { repositoryRoot } from '../support/paths';
import { temporaryFolder } from '../support/temporaryFolder';

const DEPLOY = path.join(repositoryRoot, 'deploy');
const PASSWORDS = { box: 'of box', other: 'of other', homeassistant: 'of home', viewer: 'of viewer' } as const;
type User = keyof typeof PASSWORDS;

/** "Not authorized" (MQTT 5 §3.4.2.1). */
const NOT_AUTHORIZED = 135;

describe('the configuration of mosquitto in deploy/, with a real mosquitto', { skip: withoutMosquitto }, () => {
  let settings = '';

  before(async () => {
    const files = ['loopback.conf', 'sensebind.conf'].map((file) => path.join(DEPLOY, 'mosquitto', file));
    settings = (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n');
  });

  /** As it is shipped, but for the port and the folder of its files. */
  async function start(context: TestContext): Promise<string> {
    const folder = await temporaryFolder(context);
    const port = await freePort();
    const config = path.join(folder, 'mosquitto.conf');
    await writeFile(
      config,
      // It says that it runs as an information only.
      `${settings.replace('listener 1883', `listener ${port}`).replaceAll('/etc/mosquitto', folder)}\nlog_type information\n`,
    );
    await copyFile(path.join(DEPLOY, 'mosquitto', 'sensebind.acl'), path.join(folder, 'sensebind.acl'));
    const passwords = path.join(folder, 'sensebind.passwords');
    await writeFile(passwords, '');
    for (const [user, password] of Object.entries(PASSWORDS)) {
      assert.equal(spawnSync('mosquitto_passwd', ['-b', passwords, user, password]).status, 0);
    }
    // As root, mosquitto becomes a user of its own before it reads its files.
    await chmod(folder, 0o755);
    for (const file of ['sensebind.acl', 'sensebind.passwords']) {
      await chmod(path.join(folder, file), 0o644);
      if (process.getuid?.() === 0) await chown(path.join(folder, file), 0, 0);
    }
    const child = spawn('mosquitto', ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
    const exited = once(child, 'exit');
    context.after(async () => {
      child.kill();
      await exited;
    });
    let log = '';
    await new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (bytes: Buffer) => {
        log += bytes.toString();
        if (/running/.test(log)) resolve();
      });
      void exited.then(() => reject(new Error(`mosquitto ended:\n${log}`)));
    });
    return `mqtt://127.0.0.1:${port}`;
  }

  async function connect(context: TestContext, url: string, user: User, options: IClientOptions = {}) {
    const client = await connectAsync(url, {
      username: user,
      password: PASSWORDS[user],
      clientId: user,
      protocolVersion: 5,
      reconnectPeriod: 0,
      ...options,
    });
    context.after(() => client.endAsync(true));
    return client;
  }

  /** The code of the broker's answer: 0, or why it refused. */
  async function codeOf(publishing: Promise<unknown>): Promise<number> {
    try {
      await publishing;
      return 0;
    } catch (error) {
      return error instanceof Error && 'code' in error ? Number(error.code) : -1;
    }
  }

  let look = (): void => undefined;

  function tell(topics: string[], topic: string): void {
    topics.push(topic);
    look();
  }

  /** Resolves when messages that arrived make it true. */
  function until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      look = () => {
        if (isSo()) resolve();
      };
      look();
    });
  }

  const QOS1: IClientPublishOptions = { qos: 1 };

  it('lets nobody in without a password, or with a wrong one', async (context) => {
    const url = await start(context);
    for (const options of [
      {},
      { username: 'box', password: 'of other' },
      { username: 'nobody', password: '' },
      { username: 'box' },
    ]) {
      const client = connectClient(url, { protocolVersion: 5, reconnectPeriod: 0, ...options });
      const connecting = new Promise((resolve, reject) => client.once('connect', resolve).once('error', reject));
      assert.equal(await codeOf(connecting), NOT_AUTHORIZED, JSON.stringify(options));
      client.end(true);
    }
  });

  it('lets a box write its own topics, which arrive, and refuses those of others', async (context) => {
    const url = await start(context);
    const home = await connect(context, url, 'homeassistant');
    const arrived: string[] = [];
    home.on('message', (topic) => tell(arrived, topic));
    await home.subscribeAsync(['sensebind/v1/#', 'homeassistant/#'], { qos: 1 });
    const box = await connect(context, url, 'box');
    const allowed = [
      'sensebind/v1/box/status',
      'sensebind/v1/box/src/mic0/scores',
      'sensebind/v1/box/event/fire',
      'homeassistant/device/sensebind_box/config',
    ];
    const foreign = [
      'sensebind/v1/other/status',
      'sensebind/v1/other/event/fire',
      'sensebind/v1/other/cmd/labels/put',
      'sensebind/v2/box/status',
      'sensebind/v1',
      'homeassistant/status',
      'elsewhere',
      '$SYS/broker/uptime',
    ];
    for (const topic of foreign) assert.equal(await codeOf(box.publishAsync(topic, 'x', QOS1)), NOT_AUTHORIZED, topic);
    for (const topic of allowed) assert.equal(await codeOf(box.publishAsync(topic, 'x', QOS1)), 0, topic);
    await home.publishAsync('sensebind/v1/box/cmd/announce', '{}', QOS1);
    await until(() => arrived.length === allowed.length + 1);
    assert.deepEqual(new Set(arrived), new Set([...allowed, 'sensebind/v1/box/cmd/announce']));
  });

  it('gives a box its own commands and nothing else, whatever it calls itself', async (context) => {
    const url = await start(context);
    // A client id of another box: the user name, which the password proves, takes its place.
    const liar = await connect(context, url, 'box', { clientId: 'other' });
    assert.equal(await codeOf(liar.publishAsync('sensebind/v1/other/status', 'online', QOS1)), NOT_AUTHORIZED);
    assert.equal(await codeOf(liar.publishAsync('sensebind/v1/box/status', 'online', QOS1)), 0);
    const heard: string[] = [];
    liar.on('message', (topic) => tell(heard, topic));
    await liar.subscribeAsync(['sensebind/v1/box/cmd/#', 'sensebind/v1/#'], { qos: 1 }).catch(() => undefined);
    const home = await connect(context, url, 'homeassistant');
    await home.publishAsync('sensebind/v1/other/cmd/labels/put', '{}', QOS1);
    await home.publishAsync('sensebind/v1/box/cmd/labels/put', '{}', QOS1);
    await until(() => heard.length > 0);
    assert.deepEqual(new Set(heard), new Set(['sensebind/v1/box/cmd/labels/put']));
  });

  it('lets a viewer look, and command nobody', async (context) => {
    const viewer = await connect(context, await start(context), 'viewer');
    for (const topic of ['sensebind/v1/box/cmd/node/restart', 'sensebind/v1/box/label/a/threshold/set']) {
      assert.equal(await codeOf(viewer.publishAsync(topic, '{}', QOS1)), NOT_AUTHORIZED, topic);
    }
  });

  it('announces how large a message may be, and keeps enough in flight for the spool', async (context) => {
    const url = await start(context);
    const client = connectClient(url, {
      username: 'box',
      password: PASSWORDS.box,
      protocolVersion: 5,
      reconnectPeriod: 0,
    });
    context.after(() => client.endAsync(true));
    const limits = await new Promise<IConnackPacket['properties']>((resolve, reject) => {
      client.once('connect', ({ properties }) => resolve(properties));
      client.once('error', reject);
    });
    assert.deepEqual([limits?.receiveMaximum, limits?.maximumPacketSize], [100, 2_097_152]);
  });
});
