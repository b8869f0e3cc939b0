import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { FOUR_FLOATS, readAll } from '../models/checkpoint/craft';
import { craftSafetensors, floatsAt } from '../models/checkpoint/craftSafetensors';
import { repositoryRoot } from '../support/paths';
import type { FuzzTarget } from './target';

const FIXTURE = path.join(repositoryRoot, 'tests', 'models', 'checkpoint', 'fixtures', 'mixed.safetensors');

/** The whole way from the bytes of a safetensors file to tensors. */
export const target: FuzzTarget = {
  name: 'safetensors',
  async run(bytes) {
    await readAll(bytes);
  },
  async seeds() {
    const header = { __metadata__: { format: 'pt' }, a: floatsAt(0, 1), b: floatsAt(4, 3) };
    return [craftSafetensors(header, FOUR_FLOATS), await readFile(FIXTURE)];
  },
};
