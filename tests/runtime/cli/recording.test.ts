import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { errorCode, runCommand, startCommand } from '../../support/command';
import { compiled, repositoryRoot } from '../../support/paths';
import { temporaryFolder } from '../../support/temporaryFolder';

const SOUND = path.join(repositoryRoot, 'examples', 'sounds', 'door.wav');

/** A configuration that plays a sound: once, or for ever. */
function configuration(folder: string, { loop }: { readonly loop: boolean }): string {
  const file = path.join(folder, 'config.yaml');
  writeFileSync(
    file,
    `version: 1
node: test
sources:
  mic0: { device: { kind: wav, file: ${SOUND}, loop: ${loop} } }
  mic1: { device: { kind: arecord }, enabled: false }
`,
  );
  return file;
}

describe('sensebind record and replay', () => {
  it('record sources to their end, list them, and replay them the same each time', async (t) => {
    const folder = await temporaryFolder(t);
    const stateHome = { stateHome: folder };
    const out = path.join(folder, 'recording');
    const config = configuration(folder, { loop: false });
    const recorded = await runCommand(['record', config, '--out', out, '--json'], stateHome);
    assert.equal(recorded.code, 0, recorded.stderr);
    const { messages, queueFull } = JSON.parse(recorded.stdout);
    assert.ok(messages > 10);
    assert.equal(queueFull, 0);
    const answers = await Promise.all(
      [['--info'], ['--lock-step'], ['--speed', '50']].map((how) =>
        runCommand(['replay', out, ...how, '--json'], stateHome),
      ),
    );
    const [info, inLockStep, inTime] = answers.map(({ stdout }) => JSON.parse(stdout));
    assert.deepEqual(info.cuts, []);
    assert.deepEqual(
      info.channels.map(({ source, name, count }: Record<string, unknown>) => [source, name, count]),
      [['mic0', 'audio', messages]],
    );
    assert.equal(inLockStep.sources[0].readings, messages);
    assert.deepEqual(inTime, inLockStep);
  });

  it('leaves a recording that can be read when it is killed', async (t) => {
    const folder = await temporaryFolder(t);
    const stateHome = { stateHome: folder };
    const out = path.join(folder, 'recording');
    mkdirSync(out);
    const segment = path.join(out, 'segment-000001.mcap.partial');
    const running = startCommand(['record', configuration(folder, { loop: true }), '--out', out], stateHome);
    // Two flushes, of a second each.
    for await (const _ of watch(out)) if (existsSync(segment) && statSync(segment).size > 60_000) break;
    running.process.kill('SIGKILL');
    await running.result;
    const replayed = await runCommand(['replay', out, '--lock-step', '--json'], stateHome);
    assert.equal(replayed.code, 0);
    const { sources, cuts } = JSON.parse(replayed.stdout);
    assert.ok(sources[0].readings >= 20);
    assert.equal(cuts.length, 1);
  });

  it('stops with a typed error where no more can be written', async (t) => {
    const folder = await temporaryFolder(t);
    const out = path.join(folder, 'recording');
    const record = ['record', configuration(folder, { loop: true }), '--out', out, '--json'];
    // The shell counts in blocks of 512 bytes or of 1024.
    const shell = ['-c', 'ulimit -f 40; exec "$@"', 'sh', process.execPath, compiled('runtime/cli/main'), ...record];
    const child = spawn('sh', shell, { stdio: ['ignore', 'pipe', 'ignore'] });
    const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
    assert.equal(code, 1);
    assert.equal(errorCode({ stdout, stderr: '', code, signal: null }), 'DISK_FULL');
  });

  it('refuse what makes no sense', async (t) => {
    const folder = await temporaryFolder(t);
    const stateHome = { stateHome: folder };
    const config = configuration(folder, { loop: false });
    const both = await runCommand(['replay', folder, '--speed', '2', '--lock-step', '--json'], stateHome);
    assert.equal(both.code, 2);
    const small = await runCommand(['record', config, '--out', folder, '--max-bytes', '5kB', '--json'], stateHome);
    assert.equal(small.code, 2);
    const other = await runCommand(['replay', config, '--json'], stateHome);
    assert.equal(errorCode(other), 'RECORDING_INVALID');
  });
});
