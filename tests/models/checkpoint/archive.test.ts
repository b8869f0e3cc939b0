import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { readArchive } from '../../../models/checkpoint/archive';
import { bytesAccess, type RandomAccess } from '../../../models/checkpoint/randomAccess';
import type { ErrorCode } from '../../../runtime/errors';
import { type CraftedEntry, craftZip, FOUR_FLOATS, readAll, soundEntries } from './craft';

async function refuses(bytes: Uint8Array, { code, says }: { readonly code: ErrorCode; readonly says: RegExp }) {
  await assert.rejects(readArchive(bytesAccess(bytes)), { name: 'SensebindError', code, message: says });
}

/** The sound checkpoint with the entry of that name changed. */
function changed(name: string, change: Partial<CraftedEntry>): CraftedEntry[] {
  return soundEntries().map((entry) => (entry.name === name ? { ...entry, ...change } : entry));
}

describe('zip archive of a checkpoint', () => {
  it('opens a sound one', async () => {
    assert.deepEqual(await readAll(craftZip(soundEntries())), new Map([['w', new Float32Array([1, 2, 3, 4])]]));
  });

  it('refuses a compressed entry, whatever it would unpack to', async () => {
    const bomb = deflateRawSync(Buffer.alloc(10_000_000));
    const central = { method: 8, byteLength: bomb.length };
    const bytes = craftZip(changed('archive/data/0', { data: bomb, central, local: { method: 8 } }));
    await refuses(bytes, { code: 'CHECKPOINT_UNSAFE', says: /archive\/data\/0 is compressed \(method 8\)/ });
  });

  it('refuses an entry that only its local header calls compressed', async () => {
    const bytes = craftZip(changed('archive/data/0', { local: { method: 8 } }));
    await refuses(bytes, { code: 'CHECKPOINT_UNSAFE', says: /archive\/data\/0 is compressed/ });
  });

  it('refuses an encrypted entry', async () => {
    const bytes = craftZip(changed('archive/data/0', { local: { flags: 1 } }));
    await refuses(bytes, { code: 'CHECKPOINT_UNSAFE', says: /archive\/data\/0 is encrypted/ });
  });

  it('refuses two names for the same bytes', async () => {
    const alias = { name: 'archive/data/1', data: FOUR_FLOATS, central: { headerPosition: 0 } };
    await refuses(craftZip([...soundEntries(), alias]), {
      code: 'CHECKPOINT_UNSAFE',
      says: /same name in both headers of the zip entry archive\/data\/1; found archive\/data\.pkl/,
    });
  });

  it('refuses an entry that reaches into the next', async () => {
    const bytes = craftZip(changed('archive/byteorder', { central: { byteLength: 100 } }));
    await refuses(bytes, { code: 'CHECKPOINT_UNSAFE', says: /archive\/byteorder and archive\/data\/0 overlap/ });
  });

  it('refuses an entry that reaches into the directory', async () => {
    const bytes = craftZip(changed('archive/version', { central: { byteLength: 60 } }));
    await refuses(bytes, { code: 'CHECKPOINT_UNSAFE', says: /archive\/version and the zip directory overlap/ });
  });

  it('refuses an entry beyond the end of the file', async () => {
    const bytes = craftZip(changed('archive/version', { central: { byteLength: 1_000_000 } }));
    await refuses(bytes, { code: 'CHECKPOINT_CORRUPT', says: /file data overflows file bounds/ });
  });

  it('refuses the same name twice', async () => {
    const bytes = craftZip([...soundEntries(), { name: 'archive/data/0', data: FOUR_FLOATS }]);
    await refuses(bytes, { code: 'CHECKPOINT_UNSAFE', says: /archive\/data\/0 is there twice/ });
  });

  for (const name of ['../etc/passwd', 'archive/../../x', '/etc/passwd', 'C:/x', 'archive\\..\\x']) {
    it(`refuses the entry name ${name}`, async () => {
      const bytes = craftZip([...soundEntries(), { name, data: FOUR_FLOATS }]);
      await refuses(bytes, { code: 'CHECKPOINT_UNSAFE', says: /inside one folder/ });
    });
  }

  it('keeps control characters of a name from the terminal', async () => {
    const bytes = craftZip([...soundEntries(), { name: '../\x1b[2J', data: FOUR_FLOATS }]);
    await refuses(bytes, { code: 'CHECKPOINT_UNSAFE', says: /\.\.\/\\u001b\[2J/ });
  });

  it('refuses headers that disagree about a name', async () => {
    const bytes = craftZip(changed('archive/data/0', { local: { name: 'archive/data/9' } }));
    await refuses(bytes, { code: 'CHECKPOINT_UNSAFE', says: /same name in both headers/ });
  });

  it('refuses a name longer than any of torch', async () => {
    const bytes = craftZip([...soundEntries(), { name: 'x'.repeat(600), data: FOUR_FLOATS }]);
    await refuses(bytes, { code: 'CHECKPOINT_LIMIT', says: /at most 512 bytes; found 600/ });
  });

  it('refuses a claim of more entries than the limit before reading them', async () => {
    const bytes = craftZip(soundEntries(), { entries: 2 ** 40 });
    await refuses(bytes, { code: 'CHECKPOINT_LIMIT', says: /the archive claims 1099511627776/ });
  });

  it('refuses a claim of more entries than there are', async () => {
    await refuses(craftZip(soundEntries(), { entries: 5 }), { code: 'CHECKPOINT_CORRUPT', says: /signature/ });
  });

  it('refuses a directory outside the file', async () => {
    const bytes = craftZip(soundEntries(), { position: 2 ** 52 });
    await refuses(bytes, { code: 'CHECKPOINT_CORRUPT', says: /ends before that/ });
  });

  it('refuses a pickle above its limit, though it is there', async () => {
    const bytes = craftZip(changed('archive/data.pkl', { data: Buffer.alloc(16 * 2 ** 20 + 1) }));
    await refuses(bytes, { code: 'CHECKPOINT_LIMIT', says: /data\.pkl of at most 16777216/ });
  });

  it('refuses a file above its limit without reading it', async () => {
    const huge: RandomAccess = {
      size: 65 * 2 ** 30,
      readInto: () => assert.fail('nothing may be read'),
      close: async () => {},
    };
    await assert.rejects(readArchive(huge), { code: 'CHECKPOINT_LIMIT' });
  });

  it('notices a flipped bit in the pickle by its CRC', async () => {
    const bytes = craftZip(changed('archive/data.pkl', { central: { crc32: 1 } }));
    await refuses(bytes, { code: 'CHECKPOINT_CORRUPT', says: /CRC 1 of data\.pkl/ });
  });

  it('refuses big-endian tensors', async () => {
    const bytes = craftZip(changed('archive/byteorder', { data: Buffer.from('big') }));
    await refuses(bytes, { code: 'CHECKPOINT_LAYOUT', says: /byte order "little"; found "big"/ });
  });

  it('takes a file without byteorder, as PyTorch before 2.1 wrote', async () => {
    const entries = soundEntries().filter(({ name }) => name !== 'archive/byteorder');
    assert.equal((await readAll(craftZip(entries))).size, 1);
  });

  it('refuses a zip without a pickle, and one with two', async () => {
    await refuses(craftZip([{ name: 'a/readme', data: FOUR_FLOATS }]), { code: 'CHECKPOINT_LAYOUT', says: /found 0/ });
    const twice = [...soundEntries(), { name: 'other/data.pkl', data: FOUR_FLOATS }];
    await refuses(craftZip(twice), { code: 'CHECKPOINT_LAYOUT', says: /found 2/ });
  });

  it('names the other containers of weights and says how to save again', async () => {
    const tar = Buffer.alloc(512);
    tar.write('ustar', 257);
    const containers: [Buffer, RegExp][] = [
      // The magic number with which torch.save began before 1.6, as a pickle of protocol 2.
      [Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex'), /bare pickle, as torch\.save wrote before 1\.6/],
      [tar, /tar archive/],
      [Buffer.from([0x1f, 0x8b, 8, 0]), /gzip/],
    ];
    for (const [bytes, says] of containers) {
      await assert.rejects(
        readArchive(bytesAccess(bytes)),
        (error: { code: string; cure: string; message: string }) => {
          assert.equal(error.code, 'CHECKPOINT_LAYOUT');
          assert.match(error.message, says);
          assert.match(error.cure, /torch\.save/);
          return true;
        },
      );
    }
  });

  it('refuses unknown and empty bytes', async () => {
    await refuses(Buffer.from('hello, world'), { code: 'CHECKPOINT_CORRUPT', says: /no container/ });
    await refuses(Buffer.alloc(0), { code: 'CHECKPOINT_CORRUPT', says: /no container/ });
  });
});
