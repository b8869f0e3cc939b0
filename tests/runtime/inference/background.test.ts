import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { openBundle } from '../../../models/bundle/bundle';
import { miniBundleFolder } from '../../../models/mini/location';
import { BACKGROUND_NICENESS } from '../../../runtime/inference/background';
import { Engine } from '../../../runtime/inference/engine';
import { temporaryFolder } from '../../support/temporaryFolder';

const isLinux = process.platform === 'linux';

describe('the threads of an encoder', {
  skip: isLinux ? false : 'threads have a priority of their own on Linux only',
}, () => {
  it('stand back behind the main thread, those of onnxruntime too', async (context) => {
    const before = await nicenessOfThreads();
    const bundle = await openBundle(miniBundleFolder(), { stateDirectory: await temporaryFolder(context) });
    await using engine = await Engine.open(bundle, { modalities: ['imu'], threadsPerWorker: 2 });
    const threads = await nicenessOfThreads();
    const own = before.get(process.pid);
    assert.equal(threads.get(process.pid), own);
    const started = [...threads].filter(([id]) => !before.has(id)).map(([, niceness]) => niceness);
    const standing = started.filter((niceness) => niceness === BACKGROUND_NICENESS);
    const { workers } = engine.status();
    // The worker itself is one of them, and the calling thread is one of onnxruntime's.
    assert.ok(standing.length >= (workers[0]?.threads ?? 0), `${started}`);
  });
});

/** By thread id (proc_pid_stat(5), field 19). */
async function nicenessOfThreads(): Promise<ReadonlyMap<number, number>> {
  const ids = await readdir('/proc/self/task');
  const found = new Map<number, number>();
  for (const id of ids) {
    // A thread may have ended meanwhile.
    const stat = await readFile(`/proc/self/task/${id}/stat`, 'utf8').catch(() => undefined);
    if (stat === undefined) continue;
    // The name, in brackets, may hold blanks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    found.set(Number(id), Number(fields[16]));
  }
  return found;
}
