import assert from 'node:assert/strict';
import { copyFile, open, readFile, rename, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { openBundle } from '../../../models/bundle/bundle';
import { sha256OfFile } from '../../../models/bundle/sha256';
import { type ErrorCode, isSensebindError } from '../../../runtime/errors';
import { type TinyBundle, tinyBundle } from '../../support/tinyBundle';

describe('opening a bundle', () => {
  let tiny: TinyBundle;
  beforeEach(async () => {
    tiny = await tinyBundle();
  });
  afterEach(() => tiny.remove());

  const inside = (name: string): string => path.join(tiny.directory, name);
  const reopen = () => openBundle(tiny.directory, { stateDirectory: path.join(tiny.directory, '..', 'state') });

  async function refuses(code: ErrorCode): Promise<void> {
    await assert.rejects(reopen(), (error) => isSensebindError(error, code));
  }

  /** Changes the manifest as text. */
  async function rewrite(change: (manifest: string) => string): Promise<void> {
    await writeFile(inside('manifest.json'), change(await readFile(inside('manifest.json'), 'utf8')));
  }

  it('says once that it is new', async () => {
    assert.equal(tiny.bundle.firstUse, true);
    assert.equal((await reopen()).firstUse, false);
  });

  it('takes a file that was copied in place: other inode, same content', async () => {
    await copyFile(inside('imu.onnx.data'), inside('copy'));
    await rename(inside('copy'), inside('imu.onnx.data'));
    await reopen();
  });

  it('refuses a flipped bit', async () => {
    const file = await open(inside('imu.onnx.data'), 'r+');
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, 5000);
    await file.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, 5000);
    await file.close();
    await refuses('BUNDLE_CORRUPT');
  });

  it('refuses truncated weights', async () => {
    await truncate(inside('depth.onnx.data'), 4096);
    await refuses('BUNDLE_CORRUPT');
  });

  for (const place of ['../elsewhere.onnx', '/etc/passwd', 'a/../../b.onnx', '..\\\\b.onnx']) {
    it(`refuses the path ${place}`, async () => {
      await rewrite((manifest) => manifest.replace('"imu.onnx"', JSON.stringify(place)));
      await refuses('BUNDLE_INVALID');
    });
  }

  it('refuses a link that leaves the folder', async () => {
    const outside = path.join(tmpdir(), path.basename(path.dirname(tiny.directory)), 'outside.data');
    await rename(inside('imu.onnx.data'), outside);
    await symlink(outside, inside('imu.onnx.data'));
    await refuses('BUNDLE_INVALID');
  });

  it('refuses a model whose weights lie elsewhere, although every hash is right', async () => {
    const model = await readFile(inside('imu.onnx'));
    const evil = Buffer.from(model.toString('latin1').replaceAll('imu.onnx.data', '../../ab.data'), 'latin1');
    assert.equal(evil.length, model.length);
    assert.ok(!evil.equals(model));
    await writeFile(inside('imu.onnx'), evil);
    const honest = tiny.bundle.manifest.encoders['imu']!.model.sha256;
    const hash = await sha256OfFile(inside('imu.onnx'));
    await rewrite((manifest) => manifest.replace(honest, hash));
    await refuses('BUNDLE_INVALID');
  });

  for (const [name, manifest] of [
    ['a manifest of over 1 MiB', `{"format":"${'x'.repeat(2 ** 20)}"}`],
    ['deep nesting', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['a prototype', '{"__proto__":{"format":"sensebind-bundle/1"}}'],
    ['no JSON', 'format: sensebind'],
  ] as const) {
    it(`refuses ${name}`, async () => {
      await writeFile(inside('manifest.json'), manifest);
      await refuses('BUNDLE_INVALID');
    });
  }
});

it('a folder that is not there is named', async () => {
  await assert.rejects(openBundle(path.join(tmpdir(), 'no-such-bundle')), (error) =>
    isSensebindError(error, 'BUNDLE_MISSING'),
  );
});
