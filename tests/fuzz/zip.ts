import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { craftZip, readAll, soundEntries } from '../models/checkpoint/craft';
import { repositoryRoot } from '../support/paths';
import type { FuzzTarget } from './target';

const FIXTURES = path.join(repositoryRoot, 'tests', 'models', 'checkpoint', 'fixtures');

/** The whole way from zip bytes to tensors. */
export const target: FuzzTarget = {
  name: 'zip',
  async run(bytes) {
    await readAll(bytes);
  },
  async seeds() {
    const fixtures = ['mixed.pth', 'mixedProtocol4.pth'].map((file) => readFile(path.join(FIXTURES, file)));
    return [craftZip(soundEntries()), ...(await Promise.all(fixtures))];
  },
};
