import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { readGoldenFolder } from '../../../runtime/cli/verify/goldenFolder';
import { errorCode, runCommand } from '../../support/command';
import { golden } from '../../support/paths';
import { refused } from '../../support/refused';
import { temporaryFolder } from '../../support/temporaryFolder';

/** What `--json` tells of a case. */
interface Told {
  readonly name: string;
  readonly ok: boolean;
  readonly deviation?: number;
  readonly problem?: string;
}

interface GoldenCase {
  readonly kind: string;
  readonly [key: string]: unknown;
}

interface Folder {
  readonly directory: string;
  /** Runs the command on the folder as it is now. */
  verify(): Promise<{ readonly code: number | null; readonly cases: readonly Told[]; readonly error: unknown }>;
}

/** A folder with some of the golden cases: checkpoint, description and the files that they name. */
async function folderWith(
  context: TestContext,
  edit: (cases: readonly GoldenCase[]) => readonly GoldenCase[],
): Promise<Folder> {
  const stateHome = await temporaryFolder(context);
  const directory = path.join(stateHome, 'golden');
  await mkdir(directory);
  const { config, cases } = JSON.parse(await readFile(golden('golden.json'), 'utf8'));
  const kept = edit(cases);
  await writeFile(path.join(directory, 'golden.json'), JSON.stringify({ config, cases: kept }));
  await copyFile(golden('imagebind_tiny.pth'), path.join(directory, 'renamed.pth'));
  for (const name of kept.flatMap(({ input, output }) => [input, output])) {
    if (typeof name !== 'string') continue;
    await copyFile(golden(name), path.join(directory, name)).catch(() => undefined);
  }
  const verify = async () => {
    const result = await runCommand(['models', 'verify', '--golden', directory, '--json'], { stateHome });
    const answer = JSON.parse(result.stdout);
    return { code: result.code, cases: answer.cases ?? [], error: errorCode(result) };
  };
  return { directory, verify };
}

const imuOnly = (cases: readonly GoldenCase[]) => cases.filter(({ kind }) => kind === 'imu');

async function changeFloat(file: string, change: (value: number) => number): Promise<void> {
  const content = await readFile(file);
  const at = content.length - 400;
  content.writeFloatLE(change(content.readFloatLE(at)), at);
  await writeFile(file, content);
}

describe('sensebind models verify', () => {
  it('finds that every golden case agrees', async (context) => {
    const stateHome = await temporaryFolder(context);
    const { code, stdout } = await runCommand(['models', 'verify', '--golden', golden('')], { stateHome });
    assert.equal(code, 0, stdout);
    const { cases } = JSON.parse(await readFile(golden('golden.json'), 'utf8'));
    assert.match(stdout, new RegExp(`all ${cases.length} cases agree`));
    assert.equal(stdout.match(/^ok /gm)?.length, cases.length);
  });

  it('tells which case is above tolerance, by how much, and ends with 1', async (context) => {
    const { directory, verify } = await folderWith(context, (cases) =>
      cases.filter(({ kind, modality }) => kind === 'imu' || modality === 'imu' || kind === 'thermal'),
    );
    await changeFloat(path.join(directory, 'imu_104_out.npy'), (value) => value + 0.002);
    // One eight-bit step.
    await changeFloat(path.join(directory, 'thermal_160x120.npy'), (value) => value + 1 / 255);
    const { code, cases } = await verify();
    assert.equal(code, 1);
    const failed = cases.filter(({ ok }) => !ok);
    assert.deepEqual(
      failed.map(({ name }) => name),
      ['thermal thermal_160x120.png', 'imu imu_104_in.npy'],
    );
    assert.equal(failed[0]?.deviation, 1);
    assert.ok(Math.abs((failed[1]?.deviation ?? 0) - 0.002) < 1e-4);
  });

  it('compares embeddings after renormalising, and tells one that points elsewhere', async (context) => {
    const { directory, verify } = await folderWith(context, (cases) =>
      cases.filter(({ kind, modality }) => kind === 'encoder' && (modality === 'imu' || modality === 'depth')),
    );
    const scaled = path.join(directory, 'enc_depth_out.npy');
    const content = await readFile(scaled);
    for (let at = 128; at < content.length; at += 4) content.writeFloatLE(3 * content.readFloatLE(at), at);
    await writeFile(scaled, content);
    const turned = path.join(directory, 'enc_imu_out.npy');
    const other = await readFile(turned);
    other.writeFloatLE(other.readFloatLE(200) + 0.01, 200);
    await writeFile(turned, other);
    const { code, cases } = await verify();
    assert.equal(code, 1);
    assert.deepEqual(
      cases.map(({ name, ok }) => [name, ok]),
      [
        ['encoder depth enc_depth_in.npy', true],
        ['encoder imu enc_imu_in.npy', false],
      ],
    );
  });

  it('fails cases that it cannot run, names the reason, and runs the others', async (context) => {
    const { directory, verify } = await folderWith(context, (cases) => [
      { kind: 'smell', input: 'imu_100_in.npy' },
      { kind: 'imu', sampleRate: 100, input: 'absent.npy', output: 'imu_100_out.npy' },
      { kind: 'image', input: 'absent.png', output: 'imu_100_out.npy' },
      { kind: 'imu', input: 'imu_100_in.npy', output: 'imu_100_out.npy' },
      { kind: 'imu', sampleRate: 100, input: '../imu_100_in.npy', output: 'imu_100_out.npy' },
      { kind: 'imu', sampleRate: 100, input: 'imu_100_in.npy', output: 'odd.npy' },
      { kind: 'imu', sampleRate: 100, preset: 'no-such', input: 'imu_100_in.npy', output: 'imu_100_out.npy' },
      { kind: 'tokens', texts: ['a'], tokens: [] },
      ...imuOnly(cases),
    ]);
    await writeFile(path.join(directory, 'odd.npy'), 'odd');
    const { code, cases } = await verify();
    assert.equal(code, 1);
    const reasons = [
      /kind "smell"/,
      /absent\.npy/,
      /absent\.png/,
      /without a sampleRate/,
      /outside the folder/,
      /odd\.npy/,
      /no-such/,
      /0 rows of tokens/,
    ];
    for (const [index, reason] of reasons.entries()) {
      assert.match(cases[index]?.problem ?? '', reason);
      assert.equal(cases[index]?.ok, false);
    }
    assert.deepEqual(
      cases.slice(reasons.length).map(({ ok }) => ok),
      [true, true, true],
    );
  });

  it('runs encoders on token ids alone, and cases of the encoders that golden.json describes', async (context) => {
    const { directory, verify } = await folderWith(context, (cases) => {
      const [text] = cases.filter(({ modality }) => modality === 'text');
      const { texts: _, ...idsOnly } = text ?? { kind: '' };
      return [idsOnly, ...cases.filter(({ modality }) => modality === 'imu'), ...imuOnly(cases)];
    });
    const description = path.join(directory, 'golden.json');
    const { config, cases: described } = JSON.parse(await readFile(description, 'utf8'));
    delete config.imu_num_heads;
    await writeFile(description, JSON.stringify({ config, cases: described }));
    const { code, cases } = await verify();
    assert.equal(code, 1);
    assert.deepEqual(
      cases.map(({ ok }) => ok),
      [true, false, false, false, false],
    );
    assert.match(cases[1]?.problem ?? '', /"imu"/);
  });

  it('takes no number for agreement where a number is none', async (context) => {
    const { directory, verify } = await folderWith(context, imuOnly);
    await changeFloat(path.join(directory, 'imu_200_out.npy'), () => Number.NaN);
    const { code, cases } = await verify();
    assert.equal(code, 1);
    assert.deepEqual(
      cases.filter(({ ok }) => !ok).map(({ name }) => name),
      ['imu imu_200_in.npy'],
    );
  });

  it('refuses folders that are no golden data', async (context) => {
    const { directory, verify } = await folderWith(context, imuOnly);
    await copyFile(golden('imagebind_tiny.pth'), path.join(directory, 'second.pth'));
    const { code, error } = await verify();
    assert.deepEqual([code, error], [1, 'GOLDEN_INVALID']);
    await rm(path.join(directory, 'second.pth'));
    assert.equal((await readGoldenFolder(directory)).cases.length, 3);
    for (const description of ['', '{}', '{"cases":[]}', '{"cases":[{"kind":1}]}']) {
      await writeFile(path.join(directory, 'golden.json'), description);
      await assert.rejects(readGoldenFolder(directory), refused('GOLDEN_INVALID'), description);
    }
  });
});
