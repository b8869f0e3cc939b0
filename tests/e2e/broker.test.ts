import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { freePort, startMosquitto, withoutMosquitto } from '../support/mosquitto';
import { collect } from '../support/output';
import { compiled, repositoryRoot } from '../support/paths';
import { type TinyBundle, tinyBundle } from '../support/tinyBundle';

const SOUND = path.join(repositoryRoot, 'examples', 'sounds', 'door.wav');
const PASSWORD = 'correct-horse-battery';
const user = { name: 'box', password: PASSWORD };

describe('sensebind run, and a broker that makes trouble', { skip: withoutMosquitto }, () => {
  let tiny: TinyBundle;
  before(async () => {
    tiny = await tinyBundle();
  });
  after(() => tiny.remove());

  async function run(context: TestContext, port: number, password: string) {
    const folder = path.dirname(tiny.directory);
    await writeFile(path.join(folder, 'password'), `${password}\n`);
    const file = path.join(folder, 'box.yaml');
    await writeFile(
      file,
      `version: 1
node: box
bundle: ${tiny.directory}
broker: { url: "mqtt://127.0.0.1:${port}", username: ${user.name}, passwordFile: password }
sources:
  mic0: { device: { kind: wav, file: ${SOUND}, loop: true }, window: 2s, hop: 1s }
`,
    );
    const child = spawn(process.execPath, [compiled('runtime/cli/main'), 'run', '--json', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    context.after(() => void child.kill('SIGKILL'));
    const output = [collect(child.stdout), collect(child.stderr)] as const;
    return { child, log: output[1], all: () => output.map(({ text }) => text).join(), exited: once(child, 'close') };
  }

  it('waits for one that is not there yet', async (context) => {
    const port = await freePort();
    const { child, log, all, exited } = await run(context, port, PASSWORD);
    await log.until(/BROKER_UNREACHABLE/);
    const broker = await startMosquitto({ port, user });
    context.after(() => broker.stop());
    await log.until(/"kind":"connected"/);
    child.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
    assert.ok(!all().includes(PASSWORD));
  });

  it('says that its password is wrong, without saying it, and runs on', async (context) => {
    const broker = await startMosquitto({ user });
    context.after(() => broker.stop());
    const wrong = 'incorrect-donkey';
    const { child, log, all, exited } = await run(context, broker.port, wrong);
    await log.until(/BROKER_REFUSED.*"retryMillis":300000/);
    child.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
    assert.ok(!all().includes(wrong));
  });
});
