import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { deviceDeclarations } from '../../devices/catalogue';
import { repositoryRoot } from '../support/paths';

describe('docs/devices.md', () => {
  it('names every kind of device, and no other', async () => {
    const text = await readFile(path.join(repositoryRoot, 'docs', 'devices.md'), 'utf8');
    const rows = text.split('\n').filter((line) => line.startsWith('| `'));
    const named = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, kind]) => kind));
    assert.deepEqual(named.toSorted(), deviceDeclarations.map(({ kind }) => kind).toSorted());
  });
});
