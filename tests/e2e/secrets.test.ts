import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connectAsync } from 'mqtt';
import { runCommand } from '../support/command';
import { freePort, startMosquitto, withoutMosquitto } from '../support/mosquitto';
import { repositoryRoot } from '../support/paths';
import { startNode } from '../support/runningNode';
import { temporaryFolder } from '../support/temporaryFolder';
import { type TinyBundle, tinyBundle } from '../support/tinyBundle';

const SOUND = path.join(repositoryRoot, 'examples', 'sounds', 'door.wav');

/** Of the broker: right and wrong; of the metrics. No two have a part in common. */
const BROKER = 'kanarienvogel-7391';
const WRONG = 'wellensittich-2604';
const METRICS = 'nachtigall-5518';
const SECRETS = [BROKER, WRONG, METRICS];

/** The ways in which a secret may stand in a text. */
const FORMS = SECRETS.flatMap((secret) => [
  secret,
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  Buffer.from(secret).toString('hex'),
  Buffer.from(`box:${secret}`).toString('base64').replace(/=+$/, ''),
  Buffer.from(`prometheus:${secret}`).toString('base64').replace(/=+$/, ''),
  [...secret].reverse().join(''),
]);

function assertNoSecret(what: string, text: string): void {
  for (const form of FORMS) assert.ok(!text.includes(form), `${what} has ${form}:\n${text.slice(0, 2000)}`);
}

describe('secrets (F26)', { skip: withoutMosquitto }, () => {
  let tiny: TinyBundle;

  before(async () => {
    tiny = await tinyBundle();
  });
  after(() => tiny.remove());

  it('stand in nothing that a node writes: logs, messages, files, metrics, errors, crashes', async (context) => {
    const folder = await temporaryFolder(context);
    const broker = await startMosquitto({ user: { name: 'box', password: BROKER } });
    context.after(() => broker.stop());
    const port = await freePort();
    const config = path.join(folder, 'config.yaml');
    const password = path.join(folder, 'password');
    const state = path.join(folder, 'state');
    await writeFile(
      config,
      `version: 1
node: box
bundle: ${tiny.directory}
broker: { url: "${broker.url}", username: box, passwordFile: ./password }
metrics: { host: 0.0.0.0, port: ${port}, username: prometheus, passwordEnv: METRICS_PASSWORD }
sources:
  mic0: { device: { kind: wav, file: ${SOUND}, loop: true }, labels: [house] }
labels: { house: { labels: [{ id: door_bell }, { id: dog }], background: [silence] } }
rules: { loud: { when: { measure: level_decibels, of: mic0, above: -20 } } }
`,
    );
    const start = () => startNode(context, config, { stateHome: state, environment: { METRICS_PASSWORD: METRICS } });
    const said = ({ lines, other }: ReturnType<typeof startNode>) =>
      [...lines.map((line) => JSON.stringify(line)), ...other].join('\n');

    // The broker refuses: the reason is told, the password is not. A crash right after it, with all in memory.
    await writeFile(password, `${WRONG}\n`);
    const refused = start();
    await refused.until(({ kind, event }) => kind === 'broker' && JSON.stringify(event).includes('BROKER_REFUSED'));
    refused.process.kill('SIGABRT');
    await refused.ended;
    assertNoSecret('the log of a refusal', said(refused));

    await writeFile(password, `${BROKER}\n`);
    const viewer = await connectAsync(broker.url, { username: 'box', password: BROKER });
    context.after(() => viewer.endAsync(true));
    const messages: string[] = [];
    let look = (): void => undefined;
    viewer.on('message', (topic, payload) => {
      messages.push(`${topic} ${payload.toString('latin1')}`);
      look();
    });
    await viewer.subscribeAsync('#', { qos: 1 });
    const node = start();
    await new Promise<void>((resolve) => {
      const wanted = ['/info ', '/health ', '/event/loud ', '/scores '];
      look = () => wanted.every((one) => messages.some((message) => message.includes(one))) && resolve();
      look();
    });
    const url = `http://127.0.0.1:${port}/metrics`;
    assert.equal((await fetch(url)).status, 401);
    const authorization = `Basic ${Buffer.from(`prometheus:${METRICS}`).toString('base64')}`;
    const metrics = await fetch(url, { headers: { authorization } });
    assert.equal(metrics.status, 200);
    assertNoSecret('the metrics', await metrics.text());
    node.process.kill('SIGTERM');
    assert.equal(await node.ended, 0);
    assertNoSecret('the log', said(node));
    assertNoSecret('the messages', messages.join('\n'));
    for (const file of await readdir(state, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      assertNoSecret(file.name, await readFile(path.join(file.parentPath, file.name), 'latin1'));
    }

    const checked = await runCommand(['run', config, '--check', '--json'], { stateHome: state });
    assert.equal(checked.code, 0, checked.stdout);
    assertNoSecret('what --check prints', checked.stdout + checked.stderr);
    // Where people put it by mistake.
    const text = await readFile(config, 'utf8');
    await writeFile(
      config,
      text.replace('mqtt://', `mqtt://box:${BROKER}@`).replace('username: box', `password: ${WRONG}`),
    );
    for (const more of [[], ['--json']]) {
      const wrong = await runCommand(['run', config, '--check', ...more], { stateHome: state });
      assert.equal(wrong.code, 1);
      assert.match(wrong.stdout + wrong.stderr, /passwordFile/);
      assertNoSecret('what is said of a wrong configuration', wrong.stdout + wrong.stderr);
    }
  });
});
