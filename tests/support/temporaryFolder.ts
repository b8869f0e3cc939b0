import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A temporary folder that goes away with the test. */
export async function temporaryFolder(context: { after(cleanUp: () => Promise<void>): void }): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sensebind-test-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
