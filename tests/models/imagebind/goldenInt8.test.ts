import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { openBundle } from '../../../models/bundle/bundle';
import { quantizeBundle } from '../../../models/bundle/quantizeBundle';
import { readGoldenFolder } from '../../../runtime/cli/verify/goldenFolder';
import { runCase } from '../../../runtime/cli/verify/runCase';
import { Engine } from '../../../runtime/inference/engine';
import { fewInputs } from '../../support/fewInputs';
import { golden } from '../../support/paths';
import { temporaryFolder } from '../../support/temporaryFolder';
import { tinyBundle } from '../../support/tinyBundle';

test('int8 encoders agree with PyTorch on every golden case, through the engine', async (context) => {
  const tiny = await tinyBundle();
  context.after(() => tiny.remove());
  const folder = await temporaryFolder(context);
  const outputDirectory = path.join(folder, 'int8');
  const { encoders } = await quantizeBundle(tiny.bundle, { outputDirectory, calibration: fewInputs(4), threads: 2 });
  assert.deepEqual(
    encoders.map(({ modality, fp32Layers }) => [modality, fp32Layers]),
    ['vision', 'text', 'audio', 'depth', 'thermal', 'imu'].map((modality) => [modality, []]),
  );
  const bundle = await openBundle(outputDirectory, { stateDirectory: path.join(folder, 'state') });
  await using engine = await Engine.open(bundle);
  const directory = path.dirname(golden('golden.json'));
  const cases = (await readGoldenFolder(directory)).cases.filter(({ kind }) => kind === 'encoder');
  assert.ok(cases.length >= 6);
  for (const one of cases) {
    const { name, cosine, problem } = await runCase(one, { directory, engineFor: async () => engine });
    assert.ok(cosine !== undefined && cosine >= 0.999, `${name}: cosine ${cosine} ${problem}`);
  }
  const { precision } = await engine.encode('text', { kind: 'text', text: 'a dog' });
  assert.equal(precision, 'int8');
});
