import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { openBundle } from '../../../models/bundle/bundle';
import type { Manifest } from '../../../models/bundle/manifest';
import { parseManifest } from '../../../models/bundle/readManifest';
import { type ModelProto, ModelProtoSchema, StringStringEntryProtoSchema } from '../../../models/onnx/onnx.generated';
import { SensebindError } from '../../../runtime/errors';
import { convertImu } from '../../support/imuBundle';
import { refused } from '../../support/refused';
import { temporaryFolder } from '../../support/temporaryFolder';

type Editable = { -readonly [key in keyof Manifest]: Manifest[key] };

interface Hostile {
  readonly folder: string;
  readonly bundle: string;
  readonly manifest: Editable;
  /** The manifest's entry of the only encoder. */
  readonly imu: Manifest['encoders'][string];
  /** Writes the manifest as it is now, and opens the bundle. */
  open(): Promise<unknown>;
}

async function hostile(context: TestContext): Promise<Hostile> {
  const folder = await temporaryFolder(context);
  const bundle = path.join(folder, 'bundle');
  const manifest: Editable = await convertImu(bundle);
  const imu = manifest.encoders['imu'];
  assert.ok(imu);
  const open = async () => {
    await writeFile(path.join(bundle, 'manifest.json'), JSON.stringify(manifest));
    return openBundle(bundle, { stateDirectory: path.join(folder, 'state') });
  };
  return { folder, bundle, manifest, imu, open };
}

/** Changes the graph, and the manifest to agree with it: only what the graph says is wrong then. */
async function editModel({ bundle, imu }: Hostile, edit: (model: ModelProto) => Uint8Array | undefined): Promise<void> {
  const file = path.join(bundle, imu.model.file);
  const model = fromBinary(ModelProtoSchema, await readFile(file));
  const content = edit(model) ?? toBinary(ModelProtoSchema, model);
  await writeFile(file, content);
  imu.model.bytes = content.length;
  imu.model.sha256 = createHash('sha256').update(content).digest('hex');
}

describe('a hostile bundle', () => {
  for (const file of [
    '../outside',
    '/etc/passwd',
    'a/../../outside',
    '..',
    './imu.onnx',
    'C:\\x',
    'a\\..\\x',
    'a//b',
    'x\0',
  ]) {
    it(`cannot name the file ${JSON.stringify(file)}`, async (context) => {
      const one = await hostile(context);
      one.imu.model.file = file;
      await assert.rejects(one.open(), refused('BUNDLE_INVALID', /plain path inside the folder/));
    });
  }

  it('cannot lead out of its folder by a link, to a file or through a folder', async (context) => {
    const one = await hostile(context);
    const weights = path.join(one.bundle, 'imu.onnx.data');
    await mkdir(path.join(one.folder, 'elsewhere'));
    await rename(weights, path.join(one.folder, 'elsewhere', 'imu.onnx.data'));
    await symlink(path.join(one.folder, 'elsewhere', 'imu.onnx.data'), weights);
    await assert.rejects(one.open(), refused('BUNDLE_INVALID', /it is a link to/));
    await symlink('../elsewhere', path.join(one.bundle, 'sub'));
    assert.ok(one.imu.weights);
    one.imu.weights.file = 'sub/imu.onnx.data';
    await assert.rejects(one.open(), refused('BUNDLE_INVALID', /it is a link to/));
  });

  it('cannot bring its manifest from elsewhere', async (context) => {
    const one = await hostile(context);
    const manifest = path.join(one.bundle, 'manifest.json');
    await rename(manifest, path.join(one.folder, 'manifest.json'));
    await symlink('../manifest.json', manifest);
    await assert.rejects(openBundle(one.bundle), refused('BUNDLE_INVALID', /it is a link to/));
  });

  it('cannot pass a folder or a device for a file', async (context) => {
    const one = await hostile(context);
    await mkdir(path.join(one.bundle, 'sub'));
    one.imu.model.file = 'sub';
    await assert.rejects(one.open(), refused('BUNDLE_INVALID', /it is a folder/));
  });

  for (const location of ['../../x', '/etc/passwd', 'other.data', 'imu.onnx.data/../../x', '']) {
    it(`cannot make the runtime read its weights from ${JSON.stringify(location)}`, async (context) => {
      const one = await hostile(context);
      await editModel(one, (model) => {
        const entry = model.graph?.initializer[3]?.externalData.find(({ key }) => key === 'location');
        assert.ok(entry);
        entry.value = location;
        return undefined;
      });
      await assert.rejects(one.open(), refused('BUNDLE_INVALID', /reads only the weights file declared/));
    });
  }

  it('cannot give a tensor two locations', async (context) => {
    const one = await hostile(context);
    await editModel(one, (model) => {
      model.graph?.initializer[3]?.externalData.push(
        create(StringStringEntryProtoSchema, { key: 'location', value: '../x' }),
      );
      return undefined;
    });
    await assert.rejects(one.open(), refused('BUNDLE_INVALID', /reads only the weights file declared/));
  });

  it('cannot hide a location in parts of a model that ours do not have', async (context) => {
    const one = await hostile(context);
    // Field 25 of ModelProto holds functions, whose nodes may hold tensors (onnx.proto3).
    const functions = Buffer.of(0xca, 0x01, 0x02, 0x0a, 0x00);
    await editModel(one, (model) => Buffer.concat([toBinary(ModelProtoSchema, model), functions]));
    await assert.rejects(one.open(), refused('BUNDLE_INVALID', /fields that no model of this program has/));
  });

  it('cannot pass other bytes for a model', async (context) => {
    const one = await hostile(context);
    await editModel(one, () => Buffer.from('\x7fELF'));
    await assert.rejects(one.open(), refused('BUNDLE_INVALID'));
  });

  it('cannot claim sizes that no file has', async (context) => {
    const one = await hostile(context);
    assert.ok(one.imu.weights);
    one.imu.weights.bytes = Number.MAX_SAFE_INTEGER;
    await assert.rejects(one.open(), refused('BUNDLE_CORRUPT', /9007199254740991 bytes/));
  });

  it('cannot have a manifest of a megabyte', async (context) => {
    const one = await hostile(context);
    await writeFile(path.join(one.bundle, 'manifest.json'), ' '.repeat(2 ** 20 + 1));
    await assert.rejects(openBundle(one.bundle), refused('BUNDLE_INVALID', /larger than 1048576 bytes/));
  });
});

describe('a manifest', () => {
  async function valid(context: TestContext): Promise<Manifest> {
    return convertImu(path.join(await temporaryFolder(context), 'bundle'));
  }

  it('is named the path of its problem', async (context) => {
    const manifest = await valid(context);
    const bytes = (edit: object) => Buffer.from(JSON.stringify({ ...manifest, ...edit }));
    assert.throws(
      () => parseManifest(bytes({ dimensions: -1 })),
      refused('BUNDLE_INVALID', /\/dimensions must be >= 1/),
    );
    assert.throws(() => parseManifest(bytes({ extra: 1 })), refused('BUNDLE_INVALID', /"extra"/));
    assert.throws(() => parseManifest(bytes({ format: 'other/2' })), refused('BUNDLE_INVALID', /\/format/));
    assert.throws(() => parseManifest(bytes({ encoders: {} })), refused('BUNDLE_INVALID', /\/encoders/));
    assert.throws(
      () => parseManifest(bytes({ encoders: { IMU: manifest.encoders['imu'] } })),
      refused('BUNDLE_INVALID', /IMU/),
    );
  });

  it('that is nested deeply, or is no JSON, is refused', () => {
    assert.throws(() => parseManifest(Buffer.from('['.repeat(500_000))), refused('BUNDLE_INVALID', /not JSON/));
    const nested = '['.repeat(400_000) + ']'.repeat(400_000);
    assert.throws(() => parseManifest(Buffer.from(nested)), refused('BUNDLE_INVALID'));
    assert.throws(() => parseManifest(Buffer.of(0xff, 0xfe)), refused('BUNDLE_INVALID', /not JSON/));
  });

  it('cannot reach the prototype of anything', async (context) => {
    const manifest = JSON.stringify(await valid(context));
    const polluted = manifest.replace('"encoders":{', '"encoders":{"__proto__":{"polluted":true},');
    assert.throws(() => parseManifest(Buffer.from(polluted)), refused('BUNDLE_INVALID'));
    assert.throws(
      () => parseManifest(Buffer.from(`{"__proto__":{"a":1},${manifest.slice(1)}`)),
      refused('BUNDLE_INVALID'),
    );
    assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
    assert.equal(parseManifest(Buffer.from(manifest)).encoders['constructor'], undefined);
  });

  it('of any content is a manifest or a typed error', async (context) => {
    const whole = Buffer.from(JSON.stringify(await valid(context)));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const bytes = Buffer.from(whole);
        bytes[at] = value;
        try {
          assert.equal(parseManifest(bytes).format, 'sensebind-bundle/1');
        } catch (error) {
          assert.ok(error instanceof SensebindError, String(error));
        }
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.throws(() => parseManifest(Buffer.from(JSON.stringify(value))), refused('BUNDLE_INVALID'));
      }),
    );
  });
});
