import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { it } from 'node:test';
import { measureOrEstimate } from '../../../../runtime/inference/plan/measureOrEstimate';
import { Copies } from '../../../support/deviceCopies';
import { temporaryFolder } from '../../../support/temporaryFolder';

it('estimates an encoder whose measuring process is killed, says so, and keeps nothing', async (context) => {
  const folder = await temporaryFolder(context);
  const runtimeModule = path.join(folder, 'killed.js');
  await writeFile(runtimeModule, `process.kill(process.pid, 'SIGKILL');\n`);
  const setup = (await Copies.in(folder)).setup('thermal');
  const told: string[] = [];
  const figures = path.join(folder, 'figures');
  const needs = await measureOrEstimate(setup, {
    threads: 1,
    runtimeModule,
    folder: figures,
    machineRate: async () => ({ operationsPerSecond: 1e10, threads: 1 }),
    onEstimate: (modality, reason) => told.push(`${modality}: ${reason}`),
  });
  assert.match(told.join('\n'), /^thermal: .*ended: SIGKILL/);
  assert.deepEqual([needs.basis, needs.fileBytes], ['estimated', setup.fileBytes]);
  assert.ok(needs.privateBytes > setup.fileBytes && needs.forwardMillis > 0);
  await assert.rejects(readdir(figures), { code: 'ENOENT' });
});
