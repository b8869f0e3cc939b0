import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A temporary folder that goes away with the test. */
export async function temporaryFolder(context: { after(cleanUp: () => Promise<void>): void }): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sensebind-test-'));
  // What a test stopped may still write its last file: then the folder is not empty at once.
  context.after(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}
