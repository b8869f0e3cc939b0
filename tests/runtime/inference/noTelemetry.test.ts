import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { compiled } from '../../support/paths';
import { temporaryFolder } from '../../support/temporaryFolder';

const run = promisify(execFile);

/** Where onnxruntime keeps its device id, and the usage events that it has not sent yet. */
const QUEUE = path.join('Microsoft', 'DeveloperTools');

test('onnxruntime keeps no device id and queues no usage events to send', async (context) => {
  const home = await temporaryFolder(context);
  const cache = path.join(home, 'cache');
  // Nothing else of this environment: on machines that test software (CI, GITHUB_ACTIONS, …) the library is quiet by itself.
  const env = { PATH: process.env['PATH'], HOME: home, XDG_CACHE_HOME: cache, XDG_STATE_HOME: home };
  await run(process.execPath, [compiled('runtime/cli/main'), 'embed', '--text', 'a fire', '--json'], { env });
  const left = existsSync(cache) ? readdirSync(cache, { recursive: true, encoding: 'utf8' }) : [];
  assert.deepEqual(
    left.filter((file) => file.includes(QUEUE)),
    [],
  );

  // Without what switches it off, the same library does: or this test could not fail.
  const load = `const { InferenceSession } = require('onnxruntime-node');
    InferenceSession.create(Buffer.from('no model')).catch(() => undefined);`;
  await run(process.execPath, ['--eval', load], { env, cwd: path.dirname(compiled('runtime/cli/main')) });
  assert.ok(existsSync(path.join(cache, QUEUE)));
});
